//! The way to the real Discord: its own name, TLS, a certificate, rate limits; only the address is another.

use std::net::SocketAddr;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::support::discord::Chat;

/// A root certificate as PEM, and what shows a certificate for `discord.com` that it vouches for.
fn certificates() -> (String, TlsAcceptor) {
    let key = KeyPair::generate().unwrap();
    let mut root = CertificateParams::new(Vec::new()).unwrap();
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let pem = root.self_signed(&key).unwrap().pem();
    let issuer = Issuer::new(root, key);
    let own = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(["discord.com".to_owned()]).unwrap().signed_by(&own, &issuer).unwrap();
    let key = PrivateKeyDer::try_from(own.serialize_der()).unwrap();
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], key)
        .unwrap();
    (pem, TlsAcceptor::from(Arc::new(config)))
}

/// Takes TLS off and passes everything on to `to`.
async fn tunnel(acceptor: TlsAcceptor, to: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut from) = acceptor.accept(stream).await else { return };
                let mut to = TcpStream::connect(to).await.unwrap();
                // Either side may end it at any time.
                let _ = tokio::io::copy_bidirectional(&mut from, &mut to).await;
            });
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_reaches_a_server_that_shows_discords_name() {
    let mut chat = Chat::offline(&["alpha"], "").await;
    let (pem, acceptor) = certificates();
    let root = chat.world.path().join("root.pem");
    std::fs::write(&root, pem).unwrap();
    let address = tunnel(acceptor, chat.discord.address()).await;
    chat.configure_at(&format!("resolve = \"{address}\"\nroot_certificate = {root:?}"), "");

    chat.start().await;
    let ada = chat.discord.owner();
    let seen = ada.slash("box-alpha", "backlog add", json!({ "description": "over TLS" })).await.unwrap();

    assert!(seen.text().contains("S-1"), "{}", seen.text());
    chat.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_nobody_vouches_for_is_not_trusted() {
    let mut chat = Chat::offline(&["alpha"], "").await;
    let (_, acceptor) = certificates();
    let address = tunnel(acceptor, chat.discord.address()).await;
    chat.configure_at(&format!("resolve = \"{address}\""), "");

    chat.start_without_waiting();
    chat.server().wait_until_ready();
    let log = chat.server().log_path();
    crate::support::eventually("the program says that it cannot get there", || {
        std::fs::read_to_string(&log).unwrap().contains("Discord cannot be reached")
    });

    assert!(chat.discord.requests().is_empty());
    chat.stop();
}
