"""Places: campus, zone, building, unit, floor, room, outdoor place, asset; what the whole house stands on."""
