"""What the daemon tells the world about itself: to systemd, and to whoever watches it."""
