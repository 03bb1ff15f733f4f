//! What crosses the border of the site.

use super::markup::{Html, PLAIN};
use super::page::{MAX_ROWS, Page, frames, more, number, table};
use crate::report::{summary, words};
use nullius_device::{ConversationView, Party};

/// All conversations with the internet.
pub(super) fn section(html: &mut Html, page: &Page<'_>) {
    html.element("section", &[("id", &"internet")], |html| {
        html.leaf("h2", PLAIN, "What crosses to the internet");
        let views = page.picture.conversations.iter().enumerate();
        let crossing: Vec<_> = views.filter(|(_, view)| summary::crosses(view)).collect();
        if crossing.is_empty() {
            html.leaf("p", PLAIN, "No conversation left the site or came in from outside.");
            return;
        }
        let heads = [
            ("Conversation", false),
            ("Direction", false),
            ("Bytes out", true),
            ("Bytes in", true),
            ("Frames", true),
        ];
        table(html, "Conversations with hosts of the internet", &heads, |html| {
            html.element("tbody", PLAIN, |html| {
                crossing.iter().take(MAX_ROWS).for_each(|(at, view)| row(html, page, *at, view));
            });
        });
        more(html, crossing.len(), MAX_ROWS, "conversation");
    });
}

fn row(html: &mut Html, page: &Page<'_>, at: usize, view: &ConversationView) {
    let is_inward = matches!(view.client, Party::Internet(_));
    let channel = view.channel.as_ref();
    let from_client = channel.map_or(0, |channel| channel.from_client.bytes);
    let from_server = channel.map_or(0, |channel| channel.from_server.bytes);
    let (out, into) = if is_inward { (from_server, from_client) } else { (from_client, from_server) };
    html.element("tr", PLAIN, |html| {
        html.element("td", PLAIN, |html| page.conversation(html, at, view));
        html.element("td", PLAIN, |html| {
            let (class, word) =
                if is_inward { ("chip bad", "opened from outside") } else { ("chip", "outward") };
            html.leaf("span", &[("class", &class)], word);
        });
        bytes(html, out);
        bytes(html, into);
        frames(html, view.first, view.last);
    });
}

fn bytes(html: &mut Html, bytes: u64) {
    if bytes < 1_000 {
        number(html, bytes);
    } else {
        html.leaf("td", &[("class", &"number"), ("data-value", &bytes)], words::bytes(bytes));
    }
}
