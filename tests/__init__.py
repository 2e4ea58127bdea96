"""The product's stories, and proof that they hold."""
