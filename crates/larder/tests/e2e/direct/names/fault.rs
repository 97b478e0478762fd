//! What can go wrong while a private name is asked for, and where.

use std::net::Ipv4Addr;

use testkit::{Gate, Names, Reply};

/// Where something goes wrong. What lies further down here is set up later, and so wins where both are about one answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// The company's web server as a whole.
    Site,
    /// The pages that say where private code is.
    Pages,
    /// The repository that private code is in.
    Repository,
    /// A proxy for private modules.
    Private,
    /// All public proxies.
    Public,
    /// The public checksum database.
    Database,
    /// The name server.
    Names,
    /// The disk of the machine.
    Disk,
    /// Those who ask.
    Client,
}

/// What goes wrong there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Status(u16),
    /// 503, and when to come back.
    Later,
    Reset,
    /// The end of the connection after a few bytes.
    Cut,
    Silence,
    Garbage,
    /// A page that wants a login first, with status 200.
    Page,
    /// Nobody there.
    Gone,
    /// A name server that says something else.
    Names(Names),
    /// A disk without room.
    Full,
    /// Clients that leave as soon as they have asked.
    Leaves,
}

use Kind::{Cut, Full, Garbage, Gone, Later, Leaves, Page, Reset, Silence, Status};

/// Something that goes wrong.
pub(super) type Fault = (Place, Kind);

impl Kind {
    /// What a web server says that is ill in this way.
    pub(super) fn reply(self, gate: &Gate) -> Reply {
        match self {
            Status(status) => Reply::status(status),
            Later => Reply::status(503).header("Retry-After", "1"),
            Reset => Reply::reset(),
            Cut => Reply::natural().cut_after(3),
            Silence => Reply::natural().hold(gate),
            Garbage => Reply::ok((0..3000_u32).map(|n| n.to_le_bytes()[0]).collect::<Vec<_>>()),
            Page => Reply::html(),
            Gone | Kind::Names(_) | Full | Leaves => panic!("{self:?} is no answer"),
        }
    }
}

/// Faults of web servers: one of each kind that is treated in its own way,
const ANSWERS: [Kind; 6] = [Status(404), Status(401), Later, Reset, Silence, Page];
/// and others that are treated as one of these is.
const MORE_ANSWERS: [Kind; 4] = [Status(403), Status(500), Cut, Garbage];
/// Faults of name servers: nothing is found, it fails, it says nothing, it leads everything to an address where nobody is.
const NAMES: [Names; 4] =
    [Names::Nowhere, Names::Failing, Names::Silent, Names::All(Ipv4Addr::new(127, 255, 255, 1))];

/// Who can answer wrongly.
const SERVERS: [Place; 5] = [Place::Pages, Place::Repository, Place::Private, Place::Public, Place::Database];

/// All places, in their order.
const PLACES: [Place; 9] = [
    Place::Site,
    Place::Pages,
    Place::Repository,
    Place::Private,
    Place::Public,
    Place::Database,
    Place::Names,
    Place::Disk,
    Place::Client,
];

/// What goes wrong in one row of the test.
pub(super) type Row = Vec<Fault>;

/// One thing, whatever can.
pub(super) fn alone() -> Vec<Row> {
    let more = SERVERS.iter().flat_map(|place| MORE_ANSWERS.map(|kind| (*place, kind)));
    faults().into_iter().chain(more).map(|fault| vec![fault]).collect()
}

/// Two things at once, in all combinations.
pub(super) fn pairs() -> Vec<Row> {
    let faults = faults();
    let two = |(at, one): (usize, &Fault)| {
        let others = faults[at..].iter().filter(|other| go_together(*one, **other));
        others.map(|other| vec![*one, *other]).collect::<Vec<_>>()
    };
    faults.iter().enumerate().flat_map(two).collect()
}

/// Something goes wrong at three places or more, for every set of places: another kind at each from row to row.
pub(super) fn places() -> Vec<Row> {
    let faults = faults();
    let mut rows: Vec<Row> = vec![Vec::new()];
    for place in PLACES {
        let kinds: Vec<_> = faults.iter().filter(|(at, _)| *at == place).collect();
        for row in 0..rows.len() {
            let fault = *kinds[row % kinds.len()];
            if rows[row].iter().all(|other| go_together(*other, fault)) {
                let more = [rows[row].as_slice(), &[fault]].concat();
                rows.push(more);
            }
        }
    }
    rows.retain(|row| row.len() > 2);
    rows
}

/// One fault of each kind at each place.
fn faults() -> Vec<Fault> {
    let mut faults = vec![(Place::Site, Gone), (Place::Private, Gone), (Place::Public, Gone)];
    faults.extend(SERVERS.iter().flat_map(|place| ANSWERS.map(|kind| (*place, kind))));
    faults.extend(NAMES.map(|names| (Place::Names, Kind::Names(names))));
    faults.extend([(Place::Disk, Full), (Place::Client, Leaves)]);
    faults.sort_by_key(|(place, _)| *place);
    faults
}

/// Whether two faults can be there at once without one hiding the other.
fn go_together((one, _): Fault, (other, _): Fault) -> bool {
    let hides = |one, other| one == Place::Site && matches!(other, Place::Pages | Place::Repository);
    one != other && !hides(one, other) && !hides(other, one)
}
