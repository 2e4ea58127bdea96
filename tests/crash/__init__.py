"""The program is killed at every point at which that could hurt, and started again."""
