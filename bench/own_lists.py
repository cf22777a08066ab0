"""What it costs to list what is somebody's own: bookings and notifications, behind gunicorn, to people signed in."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg2

from bench.servers import postgresql
from bench.serving import PUBLIC_URL, Kind, Running, measure, web
from shared.database import connect, disconnect
from shared.database.migrate import migrate
from shared.identity.minting import mint_access_token
from shared.ids import uuid7
from shared.testing.http import KID, PRIVATE_KEY, trust_test_key
from shared.testing.ports import free_port

CALLERS, ROWS_EACH = 100, 100

_BOOKINGS = f"""
    INSERT INTO users (id, email, full_name, is_active, is_staff, epoch, sequence)
    SELECT n, n || '@example.org', 'Person ' || n, true, false, 1, 1 FROM generate_series(1, {2 * CALLERS}) n;
    INSERT INTO practitioners (id, public_uuid, user_id, slug, display_name, bio, status, is_verified, limits, epoch,
        sequence)
    SELECT n, gen_random_uuid(), {CALLERS} + n, 'practitioner-' || n, 'Practitioner ' || n, repeat('bio ', 50),
        'active', true, '{{}}', 1, 1 FROM generate_series(1, {CALLERS}) n;
    INSERT INTO services (id, public_uuid, slug, name, short_description, service_type, status, is_active, is_public,
        is_visible, price_cents, duration_minutes, practitioner_id, practitioners, location_type, children,
        cancellation_policy, epoch, sequence)
    SELECT n, gen_random_uuid(), 'service-' || n, 'Massage ' || n, 'A short description.', 'session', 'active', true,
        true, true, 10000, 60, n, '[]', 'virtual', '[]', '{{}}', 1, 1 FROM generate_series(1, {CALLERS}) n;
    INSERT INTO bookings (public_uuid, kind, client_id, practitioner_id, practitioner_user_id, service_id, service_type,
        location_type, status, payment_status, start_time, end_time, timezone, buffer_minutes, currency,
        price_charged_cents, discount_amount_cents, final_amount_cents, allocated_cents, paid_cents, refunded_cents,
        refund_pending_cents, collect, payment, policy, service_name_snapshot, service_description_snapshot,
        practitioner_name_snapshot, package_name_snapshot, bundle_name_snapshot, reschedule_count, completed_by_clock,
        status_changed_at, search_text, version, created_at, updated_at)
    SELECT gen_random_uuid(), 'session', 1 + n % {CALLERS}, practitioner, {CALLERS} + practitioner, practitioner,
        'session', 'virtual', 'confirmed', 'paid', now() + n * interval '1 minute',
        now() + n * interval '1 minute' + interval '1 hour', 'UTC', 0, 'USD', 10000, 0, 10000, 10000, 10000, 0, 0,
        'platform', '{{}}', '{{}}', 'Massage', '', 'Practitioner', '', '', 0, false, now(), 'massage', 1, now(), now()
    FROM generate_series(1, {CALLERS * ROWS_EACH}) n, LATERAL (SELECT 1 + n / {CALLERS} % {CALLERS} AS practitioner) p;
"""
_NOTIFICATIONS = f"""
    INSERT INTO notifications (user_id, seq, inbox_version, kind, notification_type, priority, title, message,
        action_url, action_label, related_object_type, related_object_id, metadata, dedupe_key, count, is_read, status,
        sent_at, created_at, updated_at)
    SELECT 1 + n % {CALLERS}, n / {CALLERS}, 1, 'booking.confirmed', 'booking', 1, 'Your booking is confirmed',
        'Massage with Practitioner on Monday at nine.', '/bookings/' || n, 'Look', 'booking', n::text,
        '{{"service": "Massage", "at": "09:00"}}', 'n' || n, 1, n % 3 = 0, 'sent', now(),
        now() - n * interval '1 minute', now()
    FROM generate_series(1, {CALLERS * ROWS_EACH}) n;
    INSERT INTO inbox_states (user_id, last_seq, unread_count, total_count, unread_by_type, total_by_type, version)
    SELECT n, {ROWS_EACH}, 60, {ROWS_EACH}, '{{}}', '{{}}', 1 FROM generate_series(1, {CALLERS}) n;
"""


def own_lists(seconds: float) -> Iterator[Running]:
    """Measure each kind of list, service by service, and yield the processes as they are at the end."""
    with _filled("bookings", _BOOKINGS) as (url, running):
        for kind in (
            Kind("a client's bookings, 20 of 100", ["/bookings/"], _callers(1)),
            Kind("a practitioner's bookings, 20 of 100", ["/bookings/?status=confirmed"], _callers(CALLERS + 1)),
        ):
            measure(kind, url, running, seconds=seconds)
        yield running
    with _filled("notifications", _NOTIFICATIONS) as (url, running):
        for kind in (
            Kind("notifications, 20 of 100", ["/notifications/"], _callers(1)),
            Kind("number of unread notifications", ["/notifications/unread_count/"], _callers(1)),
        ):
            measure(kind, url, running, seconds=seconds)
        yield running


@contextmanager
def _filled(service: str, statements: str) -> Iterator[tuple[str, Running]]:
    with postgresql() as url:
        migrate(service, url)
        trust_test_key(connect(url))
        disconnect()
        filled = psycopg2.connect(url)
        filled.autocommit = True
        with filled.cursor() as cursor:
            cursor.execute(statements)
            cursor.execute("VACUUM ANALYZE")
        filled.close()
        with web(service, url, free_port(), Path(__file__).resolve().parents[1]) as running:
            yield url, running


def _callers(first: int) -> list[dict[str, str]]:
    """Return what people with these ids send along."""
    tokens = (
        mint_access_token(
            PRIVATE_KEY, KID, issuer=PUBLIC_URL, user_id=user_id, uuid=str(uuid7()), session_id=str(uuid7()),
            token_id=str(uuid7()), roles=("user",),
        )
        for user_id in range(first, first + CALLERS)
    )  # fmt: skip
    return [{"Authorization": f"Bearer {token}"} for token in tokens]
