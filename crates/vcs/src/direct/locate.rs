//! Where the code of a module is, remembered.

use std::{sync::Arc, time::Duration};

use gomod::ModulePath;

use super::{FAILURE, Way, pages::Remembered, problem::Problem};
use crate::{Root, WebPages};

impl Way {
    /// Finds out where the code of a module is, once for all who ask at the same time.
    pub(super) async fn locate(&self, path: &ModulePath) -> Result<Arc<Root>, Problem> {
        let key = (Arc::clone(&self.rules), path.clone());
        let flight = self.direct.roots.join(&key, |_| true, |_| self.clone().find(path.clone()));
        flight.wait().await.ok_or_else(Problem::broken_off)?.value
    }

    /// What is known of it counts no more: no repository is where it led to.
    pub(super) fn unlearn(&self, path: &ModulePath) {
        self.direct.roots.forget(&(Arc::clone(&self.rules), path.clone()));
    }

    async fn find(self, path: ModulePath) -> (Result<Arc<Root>, Problem>, Duration) {
        let config = &self.direct.config;
        let (keep, keep_empty) = (config.discovered, config.undiscovered);
        let host = path.as_str().split('/').next().unwrap_or_default().to_owned();
        let Some(turn) = self.direct.lookups.take(&host).await else {
            return (Err(Problem::busy()), Duration::ZERO);
        };
        let runtime = self.direct.runtime.clone();
        let found = runtime.spawn_blocking(move || {
            let _turn = turn;
            let direct = &self.direct;
            let insecure = self.rules.insecure.matches(path.as_str());
            let web =
                WebPages::new(Arc::clone(&self.web), direct.runtime.clone(), direct.config.page, insecure);
            let pages = Remembered {
                shelf: &direct.pages,
                rules: &self.rules,
                insecure,
                web: &web,
                runtime: &direct.runtime,
                keep,
                keep_empty,
            };
            Root::find(&path, &pages, insecure)
        });
        match found.await {
            Ok(Ok(root)) => (Ok(Arc::new(root)), keep),
            Ok(Err(error)) => {
                let problem = Problem::discovery(error);
                let keep = if problem.is_absence() { keep_empty } else { FAILURE };
                (Err(problem), keep)
            }
            Err(_) => (Err(Problem::broken_off()), Duration::ZERO),
        }
    }
}
