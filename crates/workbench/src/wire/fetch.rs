//! One request, with the redirects that `go` follows.

use std::time::Duration;

use http::header::{AUTHORIZATION, COOKIE};
use upstream::redirect;
use url::Url;

use super::{Answer, Ask, Failure, Line, Offer, Problem, Step, TlsSeen, Wire};

/// What came of a request.
#[derive(Debug)]
pub struct Fetched {
    /// Where the answer came from, and before it the hosts that led there.
    pub urls: Vec<Url>,
    /// The steps to the last of them, if a new connection was made.
    pub steps: Vec<(Step, Duration)>,
    /// What was shown on the way to the last of them, if a new connection was made.
    pub tls: Option<TlsSeen>,
    /// The answer.
    pub end: Result<Answer, Failure>,
}

impl Wire {
    /// Makes a request, over one of `lines` where it leads there and is still open, and follows at most ten redirects. The
    /// lines are kept for the next one.
    pub async fn fetch(&self, ask: &Ask, offer: Offer, lines: &mut Vec<Line>) -> Fetched {
        let mut fetched =
            Fetched { urls: vec![ask.url.clone()], steps: Vec::new(), tls: None, end: Err(self::none()) };
        let mut ask = ask.clone();
        loop {
            let end = self.once(&ask, offer, lines, &mut fetched).await;
            let next = match &end {
                Ok(answer) => redirect::target(&ask.url, answer.status, &answer.headers),
                Err(_) => None,
            };
            let Some(next) = next else {
                fetched.end = end;
                return fetched;
            };
            let followed = fetched.urls.len() - 1;
            let judged = next.and_then(|next| redirect::judge(&ask.url, followed, &next).map(|()| next));
            match judged {
                Ok(next) => {
                    // As Go's client: who is asked elsewhere is told nothing of it.
                    if next.host_str() != ask.url.host_str() {
                        ask.headers.remove(AUTHORIZATION);
                        ask.headers.remove(COOKIE);
                    }
                    ask.url = next.clone();
                    fetched.urls.push(next);
                }
                Err(why) => {
                    let host = ask.url.host_str().unwrap_or_default().to_owned();
                    fetched.end = Err(Failure::new(Step::Head(host), Problem::Redirect, why.to_string()));
                    return fetched;
                }
            }
        }
    }

    async fn once(
        &self,
        ask: &Ask,
        offer: Offer,
        lines: &mut Vec<Line>,
        fetched: &mut Fetched,
    ) -> Result<Answer, Failure> {
        lines.retain(Line::is_open);
        (fetched.steps, fetched.tls) = (Vec::new(), None);
        let known = lines.iter().position(|line| line.leads_to(&ask.url));
        let mut line = match known {
            Some(known) => lines.swap_remove(known),
            None => {
                let opened = self.open(&ask.url, offer).await;
                (fetched.steps, fetched.tls) = (opened.steps, opened.tls);
                opened.line?
            }
        };
        let mut end = line.ask(ask).await;
        // A kept connection may have been closed since, by who has every right to.
        if known.is_some() && matches!(&end, Err(f) if matches!(f.problem, Problem::Closed | Problem::Reset))
        {
            let opened = self.open(&ask.url, offer).await;
            (fetched.steps, fetched.tls) = (opened.steps, opened.tls);
            line = opened.line?;
            end = line.ask(ask).await;
        }
        if matches!(&end, Ok(answer) if answer.whole) {
            lines.push(line);
        }
        end
    }
}

fn none() -> Failure {
    Failure::new(Step::Resolve(String::new()), Problem::Other, "nothing was asked")
}
