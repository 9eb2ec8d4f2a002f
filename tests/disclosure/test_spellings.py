"""The forms in which people write what identifies somebody, and what a report says that looks like it and is not."""

import pytest

from vru.disclosure.personal import DETECTORS, Context, plain

CONTEXT = Context(frozenset(), 2019)

WRITTEN = {
    "crime_reference": """
        crime 42/123456/23 | Crime ref 20/123456/23 | 20BW/123456B/23 | 06CC/E1/12345/23 | CRI/06LL/0001234/23
        01YE/1234/23 | custody 06C1/01234/2023 | 1234567/23 | crime reference 43230123456 | URN 20CW1234523
        URN: 46/00123/19 | crime no. CR/012345/23 | crime number CR-012345-23 | occurrence no: 23000123456
        OCC-12032023-0123 | NPC-20230312-0456 | 20230312-0123 | 23*123456 | CAD 1234/12MAR23 | CAD 4521 of 03/05/2023
        log 123 of 12/03/2023 | Log no 55 of 3 May | incident number 345678 | Incident ref: 2023/0012345
        nominal 1234567 | CRO 12345/98A | arrest ref AS/4471923 | Niche ref 5500012345 | crime_ref_42_123456_23.csv is
        13230123456 | niche id: 00045671 | case number T20237123 | CRIS 5612345/22 | investigation ref: 35/NC/1234/23
    """,
    "postcode": """
        L1 8JQ | l1 8jq | lives at l18jq | Post code: se155ab | SW1A1AA | sw1a 1aa | M1-1AE | EC1A  1BB | w1a\u00a00ax
        B33\u20118TH | CR2.6XH | DN55_1PT | file_L1_8JQ_list | ＬＳ１ ４ＡＰ | B3\u200b3 8TH
    """,
    "vehicle": """
        AB12 CDE | ab12 cde | AB12CDE | AB12-CDE | LK68_XYZ | A123 BCD | ABC 123D | car reg P45 KLM | moped R7 ABC
        plate T456GHJ | AB12.CDE
    """,
    "birth_date": """
        DOB 03/04/2006 | d.o.b. 3.4.06 | born 3rd of April 2006 | born on the 3rd April 2006 | date of birth is 3-4-2006
        birthday: April 3, 2006 | 3rd of May 1999 | 3 May 1999 | 3-May-1999 | May 3rd, 1999 | 1999/05/03 | 19990503
        03/05/99 | 3.5.1999 | dob_03_04_2006 | Birthdate: 20060403 | 03\u201305\u20111999 | 1999.05.03
    """,
    "phone": """
        07700 900123 | 07700.900123 | 07700/900123 | +44-7700-900-123 | +44 (0)7700 900123 | 0044 7700 900123
        (020) 7946 0018 | 020-7946-0018 | 0113.496.0123 | 07700\u00a0900\u00a0123 | 07700_900123
    """,
    "email": """
        jo.bloggs@example.org | jo.bloggs [at] example [dot] org | jo at example dot org | JO@EXAMPLE.ORG | jo(at)example.org
        jo_bloggs@example.police.uk
    """,
    "nhs_number": "943 476 5919 | 943.476.5919 | 943/476/5919 | 9434765919 | 943\u2009476\u20095919 | 943_476_5919",
    "national_insurance": "AB 12 34 56 C | ab123456c | AB-12-34-56-C | AB.12.34.56.C | AB_12_34_56_C | AB123456 C",
    "pnc_id": "01/0123456Q | 2001/0123456Q | 2001-0123456Q | 2001/0123456q | PNC 2001/0123456Q",
    "pupil_number": "H801200001001 | h801200001001",
    "coordinates": """
        53.40841, -2.99157 | -2.99157 53.40841 | lat 53.40841 lon -2.99157 | 53.40841N 2.99157W | 53°24'30.3"N 2°59'29.6"W
        lat=53.408, long=-2.991
    """,
    "grid_reference": "SJ 3456 9012 | SJ345901 | sj 345 901 | SJ-3456-9012 | SJ 34567 90123 | TQ_3456_9012",
    "exact_place": "E 334567 N 390123 | easting: 334567, northing: 390123 | ///filled.count.soap | UPRN 100012345678",
    "street_address": "12 High Street | 4b Oak Tree Road | Flat 2, 31 Mill Lane | 17 St Mary's Close",
    "person_name": """
        PC Smith | DS J. Bloggs | Mr O'Neill | Mrs Adams | the victim John Bloggs | suspect: Sam Brown | aka Danny Green
        known as Lee Black | Inspector Clark | brother Tom White
    """,
    "given_name": "John Bloggs | Fatima O'Neill | Sarah J. Smith | Mohammed Khan | Grace Jordan Smith | Leah_Barnes-Wallace",
    "social_handle": "@jo_bloggs99 | snapchat: jo.b99 | insta @j0bloggs | Instagram name: jo.bloggs07",
    "bank_account": "12-34-56 12345678 | 12 34 56, account 12345678 | GB29 NWBK 6016 1331 9268 19",
    "card_or_device": "4111 1111 1111 1111 | 4111-1111-1111-1111 | IMEI 490154203237518",
    "network_address": "192.168.1.14 | 81.2.69.160",
    "device_address": "00:1a:2b:3c:4d:5e | 00-1A-2B-3C-4D-5E",
    "document_number": "MORGA753116SM9IJ | passport no. 925665416",
    "file_path": r"/home/jbloggs/data/crimes.csv | C:\Users\jb\x.csv | \\force\share$\x.csv",
    "crime_id": "3f8a" * 16,
}

HARMLESS = """
95% CI 49.123, 8.765
The interval is 1.234, 55.678 and the other 50.123 to 1.234
Sections 18 and 20 GBH, S136 MHA, S47 ABH, S60 and s1 PACE stops
The Act received assent in July 1998; the guidance is of March 2003
12 Streets were patrolled; the 7 Parks of the city; 3 Roads meet
A 2019 High Street survey and High Street LSOA 12
Merseyside 001A, E01006512, E01006512 and W01000123, MSOA E02001347
crime 2019 to 2021, crime in 2019/20, Crime Survey 2019/20, crimes: 12345, violent crime: 12,345
incidents 12345 before and 11002 after, incident rate 12.5 per 1,000
the log 0.734 of the ratio, log rate ratio 1.234, log-linear, log 10
12/14 areas, 345/99, 24/7, 2019/20, 2019/2020, 01/2021 and Q1/2020
week 1st, 2nd, 3rd and 4th; e1 2nd; b5 3rd; group a1 1st
Op Grip v1.0, version 0.14.1, 1.2.3.4, schema 2020-12, R 4.3.1, section 4.2.1.3
seeds 20230312 and 12345678901234567890
rate ratio 0.81 (0.70 to 0.94), p = 0.0055, n = 1204331, chi2(12) = 34.5, phi = 1.234
the victim of violence, victims Known to services, suspect identified, Witness Intimidation offences
the participant was told, named in the Plan, Mother and child clinics
Victoria Park, Florence Road and Charlotte Street; St George Ward; Stanley House; Jordan Hill; Alexandra Dock
Robbins, Saunders and Kilmer (2017); Deville and Sarndal; Abadie, Diamond and Hainmueller; Wheeler and Ratcliffe
Wilson's formula, Wald test, Maryland scale, Mann-Whitney, Cook's distance, Will of the board, Mark the day
Chief Inspector Operations; Inspector Local Policing; Sgt Response Team; DI Intelligence Unit; PC Neighbourhood Team
Victim Support Unit, Witness Care Unit, Integrated Offender Management Unit, Participant Information Sheet
Victim Navigator Programme, Mother And Baby Unit, Defendant Wellbeing Service, Suspect Declared Wanted
Master Plan, Master Protocol, Miss Rate, Grace Period, Mark Scheme, name: Safer Streets, the log 1000 people
Mr and Mrs, DI and DS ranks, PC and PCSO hours, the MS Word file
outcome 22, X85-Y09, ICD-10 X85, HO code 8N, HO 105A, 49A, 1 to 4, under 25
3 May 2023, 2023-05-03, 03/05/2023, May 2023, 1 April 2019 to 31 March 2020
Knife crime fell 2012-2019; financial years 2010/11 to 2018/19
The M25, A1 notice, A1(M), B2B, W3C, H1, N11 bus, route 18, S1 to S4, T12 and Q3
Table 12 Place of residence; Figure 3 Way of life
@media print and logo@2x.png
Meet at the station; look at example data; ring at noon
Violence and sexual offences 12,345; possession of weapons 345; robbery 1,023
Units 1200 1300 1400, 2019 2020 2021, 00000 00000
GB and UK, EN 301 549, ISO 27001, WCAG 2.2, RFC 9535, BS 8878
sub-national 12345678 rows, 43 forces, 20 VRUs
ratio 51.5074 alone, 0.9434765919
placebo dates 17 of 20; leave-one-out 0.95 to 1.02; 4.5-5.6-7.8
"""


@pytest.mark.parametrize(
    ("check", "text"),
    [
        (check, form.strip())
        for check, forms in WRITTEN.items()
        for form in forms.replace("\n", "|").split("|")
        if form.strip()
    ],
)
def test_every_spelling_is_found(check, text):
    for framed in (text, f"see {text} and more", f"({text})", f"seen: {text}."):
        assert list(DETECTORS[check].find(plain(framed), CONTEXT)), framed


@pytest.mark.parametrize("text", [line for line in HARMLESS.splitlines() if line])
def test_what_reports_say_raises_no_alarm(text):
    found = {name: hits for name, d in DETECTORS.items() if (hits := list(d.find(plain(text), CONTEXT)))}
    assert found == {}
