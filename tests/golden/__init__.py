"""Every card on every platform, compared with a kept picture of it."""
