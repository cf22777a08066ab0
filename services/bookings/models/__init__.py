"""Tables of bookings."""

from services.bookings.models.base import Base
from services.bookings.models.booking import Booking
from services.bookings.models.occupancy import CalendarBlock, Hold, Series, SessionSeat
from services.bookings.models.records import BookingHistory, BookingNote, BookingReminder, CalendarFeed
from services.bookings.models.replicas import CalendarCopy, FavoriteTotal, Location, Practitioner, Service, User
from services.bookings.models.waitlist import WaitlistEntry

__all__ = [
    "Base",
    "Booking",
    "BookingHistory",
    "BookingNote",
    "BookingReminder",
    "CalendarBlock",
    "CalendarCopy",
    "CalendarFeed",
    "FavoriteTotal",
    "Hold",
    "Location",
    "Practitioner",
    "Series",
    "Service",
    "SessionSeat",
    "User",
    "WaitlistEntry",
]
