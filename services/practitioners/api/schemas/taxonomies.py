"""Pages of the words that practitioners describe themselves with: up to 500 at once, 100 unless asked."""

from services.practitioners.api.schemas.profiles import Specialization, Style, Topic
from services.practitioners.domain.words import SPECIALIZATION, STYLE, TOPIC
from services.practitioners.queries.taxonomies import LISTINGS
from shared.http.pages import page_schema, query_schema

SpecializationPage = page_schema(Specialization)
StylePage = page_schema(Style)
TopicPage = page_schema(Topic)
SpecializationsQuery = query_schema(LISTINGS[SPECIALIZATION], "SpecializationsQuery")
StylesQuery = query_schema(LISTINGS[STYLE], "StylesQuery")
TopicsQuery = query_schema(LISTINGS[TOPIC], "TopicsQuery")
