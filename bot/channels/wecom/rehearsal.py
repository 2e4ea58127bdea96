"""The small company of a rehearsal, and the keys of the fake: names and numbers, all made up."""

REHEARSAL_KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
REHEARSAL = {
    "corp_id": "wwrehearsal000001",
    "agent_id": "1000002",
    "secret": "rehearsal-secret",
    "token": "rehearsaltoken0001",
    "encoding_aes_key": REHEARSAL_KEY,
}
"""Made up, and printed for all to see: of use for nothing but the fake."""
MEMBERS = {"ZhangWei": "张伟", "LiLei": "李雷", "WangFang": "王芳", "WuLin": "吴琳", "XiaoLin": "小林"}


COMPANY = """# A rehearsal: a small company on the fake WeCom. Nothing in here is secret.

[app]
host = "127.0.0.1"
port = 8710
base_url = "http://127.0.0.1:8710"

[database]
url = "sqlite:///rehearsal.db"

[calendar]
mode = "always"

[[teams]]
id = "east"
name = "华东"
manager = "wangfang"

[[people]]
id = "zhangwei"
name = "张伟"
role = "rep"
team = "east"
wecom = "ZhangWei"

[[people]]
id = "lilei"
name = "李雷"
role = "rep"
team = "east"
wecom = "LiLei"

[[people]]
id = "wangfang"
name = "王芳"
role = "manager"
team = "east"
wecom = "WangFang"

[[people]]
id = "wulin"
name = "吴琳"
role = "admin"
wecom = "WuLin"

"""
