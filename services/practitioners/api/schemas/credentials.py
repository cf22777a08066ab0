"""Pages of certificates and schools."""

from services.practitioners.api.schemas.profiles import Certification, Education
from services.practitioners.queries.credentials import CERTIFICATIONS, EDUCATIONS
from shared.http.pages import page_schema, query_schema

CertificationPage = page_schema(Certification)
CertificationsQuery = query_schema(CERTIFICATIONS, "CertificationsQuery")
EducationPage = page_schema(Education)
EducationsQuery = query_schema(EDUCATIONS, "EducationsQuery")
