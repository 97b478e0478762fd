//! Sources behind something that dislikes `@` in a path.

use upstream::FaultKind;

use crate::{
    LIST, door, fault, get, patient, proxy,
    server::{Server, answer, ok},
};

#[tokio::test]
async fn the_spelling_that_works_is_kept() {
    let dislikes = [ok("<html>"), answer("400 Bad Request", &[], ""), answer("403 Forbidden", &[], "")];
    for dislike in dislikes {
        let server =
            Server::start(
                move |head| {
                    if head.target().contains('@') { dislike.clone() } else { ok("v1.0.0\n") }
                },
            )
            .await;
        let proxy = proxy(&door(patient()), &server.url(""));
        for _ in 0..3 {
            get(&proxy, LIST).await.unwrap();
        }
        let targets: Vec<String> = server.asked().iter().map(|head| head.target().to_owned()).collect();
        let [first, rest @ ..] = &targets[..] else { panic!() };
        assert_eq!(first, "/example.com/m/@v/list");
        assert_eq!(rest, ["/example.com/m/%40v/list"; 3]);
    }
}

#[tokio::test]
async fn another_spelling_that_does_not_help_is_not_tried_again_and_finds_no_absence() {
    let server = Server::start(|head| {
        if head.target().contains('@') {
            answer("403 Forbidden", &[], "")
        } else {
            answer("404 Not Found", &[], "")
        }
    })
    .await;
    let proxy = proxy(&door(patient()), &server.url(""));
    for _ in 0..3 {
        assert_eq!(fault(get(&proxy, LIST).await).kind(), FaultKind::Denied(403));
    }
    let odd = server.asked().iter().filter(|head| head.target().contains("%40")).count();
    assert_eq!((server.asked().len(), odd), (4, 1));
}
