"""Which addresses payment pages may lead back to."""

import pytest

from services.payments.domain.addresses import may_lead_to


@pytest.mark.parametrize(
    ("url", "origins", "allowed"),
    [
        pytest.param("https://anywhere.example/x", (), True, id="none named: any"),
        pytest.param("http://localhost:3000/?s={CHECKOUT_SESSION_ID}", (), True, id="http as well"),
        pytest.param("javascript:alert(1)", (), False, id="no web address"),
        pytest.param("https://", (), False, id="no host"),
        pytest.param("https://a.example/x", ("https://a.example",), True, id="named"),
        pytest.param("https://A.example:443/x", (" https://a.example/ ",), True, id="however it is written"),
        pytest.param("http://a.example/x", ("https://a.example",), False, id="other scheme"),
        pytest.param("https://a.example:8443/", ("https://a.example",), False, id="other port"),
        pytest.param("https://a.example.evil.example/", ("https://a.example",), False, id="only begins alike"),
        pytest.param("https://a.example@evil.example/", ("https://a.example",), False, id="a name before the host"),
        pytest.param("https://bücher.example/", ("https://xn--bcher-kva.example",), True, id="unicode"),
        pytest.param("https://a.example:port/", (), False, id="no port"),
    ],
)
def test_where_pages_lead(url: str, origins: tuple[str, ...], allowed: bool) -> None:
    assert may_lead_to(url, origins) is allowed
