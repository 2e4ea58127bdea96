"""WeCom (企业微信) as a self-built app: signed callbacks in, template cards and texts out."""
