"""What auth tells: that a person is gone, or wants to know what is held."""

from services.locations.operations.privacy import erase_person, exported
from shared.privacy import personal_data

forget, tell = personal_data("locations", erase=erase_person, export=exported)
