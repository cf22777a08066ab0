"""Rate limits shared by several machines, in Redis."""

from importlib import import_module
from typing import Any

from gateway.limits import SharedStore
from gateway.settings import GatewaySettings
from gateway.windows import Standing, Wanted, standing

# Two fixed windows make a sliding one. All keys are judged before one is counted, so that a refusal costs nothing.
_SCRIPT = """
local now, told, allowed = tonumber(ARGV[1]), {}, true
for i = 1, #KEYS, 2 do
  local quota, seconds = tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2])
  local current = tonumber(redis.call('GET', KEYS[i]) or '0')
  local previous = tonumber(redis.call('GET', KEYS[i + 1]) or '0')
  local elapsed = (now % seconds) / seconds
  if quota - (current + previous * (1 - elapsed)) < 1 then allowed = false end
  told[#told + 1] = previous
  told[#told + 1] = current
end
if allowed then
  for i = 1, #KEYS, 2 do
    redis.call('INCR', KEYS[i])
    redis.call('EXPIRE', KEYS[i], tonumber(ARGV[i + 2]) * 2)
  end
end
return told
"""
_TIMEOUT_SECONDS = 0.25


class RedisStore:
    """The counters of SharedWindows, kept where every machine sees them."""

    def __init__(self, url: str) -> None:
        self._error: type[Exception] = import_module("redis.exceptions").RedisError
        self._redis: Any = import_module("redis.asyncio").Redis.from_url(
            url, socket_timeout=_TIMEOUT_SECONDS, socket_connect_timeout=_TIMEOUT_SECONDS
        )
        self._script: Any = self._redis.register_script(_SCRIPT)

    async def hit(self, wanted: Wanted, now: float) -> list[Standing]:
        """Count one request under each key if all allow it. Raises OSError when Redis is away."""
        keys, arguments = [], [str(now)]
        for policy, key in wanted:
            window = int(now // policy.seconds)
            name = f"estuary:limit:{policy.name}:{policy.seconds}:{key}"
            keys += [f"{name}:{window}", f"{name}:{window - 1}"]
            arguments += [str(policy.quota), str(policy.seconds)]
        try:
            told = await self._script(keys=keys, args=arguments)
        except self._error as error:
            raise ConnectionError(str(error)) from error
        return [
            standing(policy, int(told[2 * index]), int(told[2 * index + 1]), now)
            for index, (policy, _) in enumerate(wanted)
        ]

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()


def shared_store(settings: GatewaySettings) -> SharedStore | None:
    """Return the store that the settings name, None for limits per machine."""
    return RedisStore(settings.rate_limit_redis_url) if settings.rate_limit_redis_url else None
