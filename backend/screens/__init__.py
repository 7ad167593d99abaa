"""The inventory of wall screens: their heartbeat, what they show, what they are asked to do, and alerts about them."""
