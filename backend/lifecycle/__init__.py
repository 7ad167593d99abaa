"""What happens to a vehicle besides customs: registration, licence, deregistration, refund."""
