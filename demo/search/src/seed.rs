//! Documents to try the search with: the web site of a town that does not exist.

/// A document ready to be put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// Its key, in canonical form.
    pub key: &'static str,
    /// The value for `Content-Type`.
    pub content_type: &'static str,
    /// Metadata: class and value.
    pub metadata: &'static [(&'static str, &'static str)],
    /// Its content.
    pub content: &'static str,
}

/// The samples, most of them pages.
#[must_use]
pub fn samples() -> &'static [Sample] {
    SAMPLES
}

const SAMPLES: &[Sample] = &[
    Sample {
        key: "https://www.fernhollow.example/bins",
        content_type: "text/html; charset=UTF-8",
        metadata: &[("date", "2026-02-11"), ("subject", "Waste")],
        content: r#"<!doctype html>
<html lang="en">
<head>
<title>Bin collection days</title>
<meta name="description" content="When your bins are emptied, and what to do after a public holiday.">
</head>
<body>
<h1>Bin collection days</h1>
<p>Rubbish is collected every second week, paper and glass in the week between. Put bins on the kerb by 6:30 in the morning.</p>
<p>After a public holiday every collection moves by one day. Saturday is a working day then.</p>
<p>A bin that was missed is emptied within two working days if you report it before noon.</p>
</body>
</html>
"#,
    },
    Sample {
        key: "https://www.fernhollow.example/bins/bulky",
        content_type: "text/html; charset=UTF-8",
        metadata: &[("date", "2025-11-04"), ("subject", "Waste")],
        content: r#"<!doctype html>
<html lang="en">
<head>
<title>Bulky waste: furniture, mattresses, fridges</title>
<meta name="description" content="Book a collection for what does not fit in a bin.">
</head>
<body>
<h1>Bulky waste: furniture, mattresses, fridges</h1>
<p>We collect up to five large items per visit. Sofas, beds and mattresses count as one item each, fridges as two.</p>
<p>Book at least three working days ahead. The first visit of a year costs nothing, each further one 28.</p>
<p>Building rubble, tyres and paint go to the recycling yard on Quarry Road.</p>
</body>
</html>
"#,
    },
    Sample {
        key: "https://www.fernhollow.example/library/hours",
        content_type: "text/html; charset=UTF-8",
        metadata: &[("date", "2026-03-02"), ("subject", "Library")],
        content: r#"<!doctype html>
<html lang="en">
<head>
<title>Library opening hours</title>
<meta name="description" content="When the library and its reading room are open.">
</head>
<body>
<h1>Library opening hours</h1>
<p>Monday to Friday from 9 to 19, Saturday from 10 to 16. The reading room stays open until 21 on weekdays with a library card.</p>
<p>The children's library opens at 14 on school days.</p>
<p>Books can be returned at any hour through the flap beside the entrance.</p>
</body>
</html>
"#,
    },
    Sample {
        key: "https://www.fernhollow.example/library/card",
        content_type: "text/html; charset=UTF-8",
        metadata: &[("date", "2026-01-15"), ("subject", "Library")],
        content: r#"<!doctype html>
<html lang="en">
<head>
<title>Get a library card</title>
<meta name="description" content="A library card costs nothing for residents.">
</head>
<body>
<h1>Get a library card</h1>
<p>Bring a proof of address that is not older than three months. Children under twelve need the signature of a parent.</p>
<p>With the card you borrow up to twenty books for four weeks and read newspapers online.</p>
</body>
</html>
"#,
    },
    Sample {
        key: "https://www.fernhollow.example/parking/permit",
        content_type: "text/html; charset=UTF-8",
        metadata: &[("date", "2026-02-20"), ("subject", "Transport")],
        content: r#"<!doctype html>
<html lang="en">
<head>
<title>Resident parking permit</title>
<meta name="description" content="Apply for a permit to park in your zone, renew it or change the car.">
</head>
<body>
<h1>Resident parking permit</h1>
<p>A resident may hold two parking permits. The permit belongs to a registration number, not to a paper in the windscreen.</p>
<p>The first permit costs 60 a year, the second 140. Electric cars pay half.</p>
<p>Permits of zones A and B are valid on Market Street after 18.</p>
</body>
</html>
"#,
    },
    Sample {
        key: "https://www.fernhollow.example/parking/fine",
        content_type: "text/html; charset=UTF-8",
        metadata: &[("date", "2025-10-09"), ("subject", "Transport")],
        content: r#"<!doctype html>
<html lang="en">
<head>
<title>Pay or contest a parking fine</title>
<meta name="description" content="What to do when you got a parking fine.">
</head>
<body>
<h1>Pay or contest a parking fine</h1>
<p>Pay within fourteen days and the fine is halved. You need the number on the notice.</p>
<p>To contest a fine, write within twenty-eight days and say why. The fine is on hold until you have our answer.</p>
</body>
</html>
"#,
    },
    Sample {
        key: "https://www.fernhollow.example/transport/park-and-ride",
        content_type: "text/html; charset=UTF-8",
        metadata: &[("date", "2025-09-01"), ("subject", "Transport")],
        content: r#"<!doctype html>
<html lang="en">
<head>
<title>Park and ride: three car parks, one ticket</title>
<meta name="description" content="Leave the car outside the centre and take the bus.">
</head>
<body>
<h1>Park and ride: three car parks, one ticket</h1>
<p>Buses leave every ten minutes from Northgate, Mill Lane and the stadium. Parking is included in the bus ticket.</p>
<p>The last bus leaves the station at 23:40, on Fridays and Saturdays at 0:30.</p>
</body>
</html>
"#,
    },
    Sample {
        key: "https://www.fernhollow.example/pool",
        content_type: "text/html; charset=UTF-8",
        metadata: &[("date", "2026-03-01"), ("subject", "Leisure")],
        content: r#"<!doctype html>
<html lang="en">
<head>
<title>Swimming pool: hours and prices</title>
<meta name="description" content="The indoor pool in winter, the open-air pool from May to September.">
</head>
<body>
<h1>Swimming pool: hours and prices</h1>
<p>Lanes are reserved for clubs on Tuesday and Thursday from 18 to 20. Early swimming starts at 6:30 on weekdays.</p>
<p>A visit costs 5.50, a card for ten visits 45. Children under six swim free of charge.</p>
<p>The water of the indoor pool has 28 degrees; the learner pool 32.</p>
</body>
</html>
"#,
    },
    Sample {
        key: "https://www.fernhollow.example/parks/allotments",
        content_type: "text/html; charset=UTF-8",
        metadata: &[("date", "2025-08-17"), ("subject", "Leisure")],
        content: r#"<!doctype html>
<html lang="en">
<head>
<title>Allotments and the waiting list</title>
<meta name="description" content="Rent a garden plot from the town.">
</head>
<body>
<h1>Allotments and the waiting list</h1>
<p>There are 412 plots on six sites. The waiting list is longest at Orchard Bank, about four years, and shortest at Mill Lane.</p>
<p>A plot of 100 square metres costs 48 a year, water included. Bees may be kept with the consent of the neighbours.</p>
</body>
</html>
"#,
    },
    Sample {
        key: "https://www.fernhollow.example/parks/trees",
        content_type: "text/html; charset=UTF-8",
        metadata: &[("date", "2025-12-05"), ("subject", "Environment")],
        content: r#"<!doctype html>
<html lang="en">
<head>
<title>Trees: pruning, felling and protected trees</title>
<meta name="description" content="Ask before you cut a tree that is thicker than a bottle.">
</head>
<body>
<h1>Trees: pruning, felling and protected trees</h1>
<p>Trees with a trunk of more than 25 centimetres are protected. Felling one needs a permit, pruning does not.</p>
<p>From March to September hedges and trees with nests must be left alone. A storm-damaged tree may be made safe at any time.</p>
</body>
</html>
"#,
    },
    Sample {
        key: "https://www.fernhollow.example/council/meetings",
        content_type: "text/html; charset=UTF-8",
        metadata: &[("date", "2026-02-27"), ("subject", "Council")],
        content: r#"<!doctype html>
<html lang="en">
<head>
<title>Council meetings and agendas</title>
<meta name="description" content="Meetings are public and start at 19 in the town hall.">
</head>
<body>
<h1>Council meetings and agendas</h1>
<p>The council meets on the first Wednesday of the month. Agendas are published a week before, minutes within ten days.</p>
<p>Residents may speak for three minutes on any item. Register until noon of the day.</p>
</body>
</html>
"#,
    },
    Sample {
        key: "https://www.fernhollow.example/council/budget",
        content_type: "text/html; charset=UTF-8",
        metadata: &[("date", "2025-12-18"), ("subject", "Council")],
        content: r#"<!doctype html>
<html lang="en">
<head>
<title>The budget 2026 in brief</title>
<meta name="description" content="Where the money comes from and where it goes.">
</head>
<body>
<h1>The budget 2026 in brief</h1>
<p>The town spends 184 million. Schools and child care take 41 per cent, roads and buses 17, parks and leisure 9.</p>
<p>New in 2026: the cycle bridge at Mill Lane, the roof of the swimming pool, and 120 places in child care.</p>
</body>
</html>
"#,
    },
    Sample {
        key: "https://www.fernhollow.example/registry/marriage",
        content_type: "text/html; charset=UTF-8",
        metadata: &[("date", "2025-07-22"), ("subject", "Registry")],
        content: r#"<!doctype html>
<html lang="en">
<head>
<title>Getting married in Fernhollow</title>
<meta name="description" content="Dates, rooms, documents and costs.">
</head>
<body>
<h1>Getting married in Fernhollow</h1>
<p>Weddings are held in the town hall, the mill and the orangery. Saturdays are booked about eight months ahead.</p>
<p>Give notice of your marriage not earlier than six months before. Both need a passport and a birth certificate.</p>
</body>
</html>
"#,
    },
    Sample {
        key: "https://www.fernhollow.example/registry/birth",
        content_type: "text/html; charset=UTF-8",
        metadata: &[("date", "2025-06-30"), ("subject", "Registry")],
        content: r#"<!doctype html>
<html lang="en">
<head>
<title>Register a birth</title>
<meta name="description" content="A birth must be registered within three weeks.">
</head>
<body>
<h1>Register a birth</h1>
<p>One parent comes with the hospital's notice and both passports. The first birth certificate costs nothing.</p>
<p>Names can be changed within the first year without giving a reason.</p>
</body>
</html>
"#,
    },
    Sample {
        key: "https://www.fernhollow.example/housing/damp",
        content_type: "text/html; charset=UTF-8",
        metadata: &[("date", "2026-01-29"), ("subject", "Housing")],
        content: r#"<!doctype html>
<html lang="en">
<head>
<title>Damp and mould in a rented home</title>
<meta name="description" content="What landlord and tenant have to do, and when we step in.">
</head>
<body>
<h1>Damp and mould in a rented home</h1>
<p>Tell your landlord in writing and keep a copy. They have two weeks to look at the damp and to say what will be done.</p>
<p>If nothing happens, report it to us: an officer visits within ten working days. Tenants must not lose their home for reporting mould.</p>
</body>
</html>
"#,
    },
    Sample {
        key: "https://www.fernhollow.example/business/licence",
        content_type: "text/html; charset=UTF-8",
        metadata: &[("date", "2025-10-30"), ("subject", "Business")],
        content: r#"<!doctype html>
<html lang="en">
<head>
<title>Licence for a pavement café</title>
<meta name="description" content="Put tables and chairs on the pavement.">
</head>
<body>
<h1>Licence for a pavement café</h1>
<p>A licence runs from April to October. At least 1.80 metres of pavement must stay free for prams and wheelchairs.</p>
<p>Heaters are not allowed. Music ends at 22, on Fridays and Saturdays at 23.</p>
</body>
</html>
"#,
    },
    Sample {
        key: "https://www.fernhollow.example/schools/admission",
        content_type: "text/html; charset=UTF-8",
        metadata: &[("date", "2026-01-08"), ("subject", "Schools")],
        content: r#"<!doctype html>
<html lang="en">
<head>
<title>School admission for September</title>
<meta name="description" content="Dates and rules for primary schools.">
</head>
<body>
<h1>School admission for September</h1>
<p>Apply until 15 January. Places are given by distance to the school; brothers and sisters come first.</p>
<p>You get our answer on 16 April. An appeal is possible for four weeks.</p>
</body>
</html>
"#,
    },
    Sample {
        key: "https://www.fernhollow.example/roads/potholes",
        content_type: "text/html; charset=UTF-8",
        metadata: &[("date", "2026-03-05"), ("subject", "Transport")],
        content: r#"<!doctype html>
<html lang="en">
<head>
<title>Report a pothole</title>
<meta name="description" content="Tell us where the road is broken.">
</head>
<body>
<h1>Report a pothole</h1>
<p>Potholes deeper than four centimetres are filled within five working days, on main roads within one.</p>
<p>Say which street, near which house number, and how deep it is. A photo helps.</p>
</body>
</html>
"#,
    },
    Sample {
        key: "https://www.fernhollow.example/events/market",
        content_type: "text/html; charset=UTF-8",
        metadata: &[("date", "2025-09-19"), ("subject", "Leisure")],
        content: r#"<!doctype html>
<html lang="en">
<head>
<title>Farmers' market on Market Street</title>
<meta name="description" content="Every Saturday from 8 to 13, all year.">
</head>
<body>
<h1>Farmers' market on Market Street</h1>
<p>Forty stalls sell vegetables, cheese, bread, honey and flowers from within thirty miles.</p>
<p>Market Street is closed to cars from 6 to 15; parking is free at the stadium on market days.</p>
</body>
</html>
"#,
    },
    Sample {
        key: "https://www.fernhollow.example/privacy",
        content_type: "text/html; charset=UTF-8",
        metadata: &[("date", "2025-05-25"), ("subject", "Council")],
        content: r#"<!doctype html>
<html lang="en">
<head>
<title>How we use your data</title>
<meta name="description" content="What we keep, for how long, and whom you can ask.">
</head>
<body>
<h1>How we use your data</h1>
<p>We keep what the law tells us to keep, and delete the rest after two years. Nothing is sold.</p>
<p>You can ask for a copy of everything we know about you; it comes within a month.</p>
</body>
</html>
"#,
    },
    Sample {
        key: "https://www.fernhollow.example/notices/2026-07.txt",
        content_type: "text/plain; charset=UTF-8",
        metadata: &[
            ("date", "2026-03-09"),
            ("title", "Notice 7/2026: Mill Lane closed"),
            ("subject", "Transport"),
        ],
        content: "Mill Lane is closed between the bridge and Quarry Road from 16 to 27 March 2026.
A water main is renewed. Buses of park and ride stop at the stadium instead.
",
    },
    Sample {
        key: "https://data.fernhollow.example/pharmacies/17.json",
        content_type: "application/json",
        metadata: &[("geoPosition", "51.4712;-2.6010"), ("subject", "Health")],
        content: r#"{"title":"Bridge Street Pharmacy","address":"12 Bridge Street","open":["Monday to Friday 8:30 to 18:30","Saturday 9 to 13"],"services":["flu vaccination","blood pressure","late duty every fifth Sunday"]}"#,
    },
    Sample {
        key: "https://data.fernhollow.example/pharmacies/18.json",
        content_type: "application/json",
        metadata: &[("geoPosition", "51.4698;-2.5874"), ("subject", "Health")],
        content: r#"{"title":"Mill Lane Pharmacy","address":"3 Mill Lane","open":["Monday to Saturday 9 to 20"],"services":["flu vaccination","travel advice","delivery"]}"#,
    },
    Sample {
        key: "https://data.fernhollow.example/archive/charter.xml",
        content_type: "application/xml; charset=UTF-8",
        metadata: &[("date", "2024-11-12"), ("subject", "Archive")],
        content: r#"<?xml version="1.0" encoding="UTF-8"?>
<record><title>The market charter of 1284</title><summary>Grants the town a market on every Saturday &amp; a fair of three days at midsummer.</summary><place>Strong room, shelf 2</place></record>
"#,
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::extract;
    use crate::key::DocumentKey;

    #[test]
    fn samples_have_canonical_keys_and_something_to_read() {
        for sample in samples() {
            let key = DocumentKey::parse(sample.key).unwrap();
            assert_eq!(key.as_str(), sample.key);
            let found = extract(Some(sample.content_type), sample.content.as_bytes());
            assert!(found.text.len() > 40, "{}", sample.key);
        }
        let mut keys: Vec<&str> = samples().iter().map(|sample| sample.key).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), samples().len());
        assert!(keys.len() > 20);
    }
}
