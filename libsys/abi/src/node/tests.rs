//! What goes in comes out, and nothing else is taken.

use super::*;
use proptest::prelude::*;
use std::vec;

fn request() -> impl Strategy<Value = Request> {
    let node = any::<u64>;
    prop_oneof![
        node().prop_map(|directory| Request::LookUp { directory }),
        node().prop_map(|directory| Request::Parent { directory }),
        node().prop_map(|node| Request::Path { node }),
        node().prop_map(|node| Request::Attributes { node }),
        node().prop_map(|node| Request::SetAttributes { node }),
        (node(), any::<u32>()).prop_map(|(node, flags)| Request::Open { node, flags }),
        (node(), node(), any::<u32>()).prop_map(|(node, offset, file)| Request::Read {
            node,
            offset,
            file
        }),
        (node(), node()).prop_map(|(node, offset)| Request::Write { node, offset }),
        (node(), node())
            .prop_map(|(directory, position)| Request::ReadDirectory { directory, position }),
        node().prop_map(|node| Request::ReadLink { node }),
        Just(Request::Figures),
    ]
}

fn asker() -> impl Strategy<Value = Asker> {
    any::<[u32; 5]>().prop_map(|[pid, tid, user, group, sees_all]| Asker {
        pid,
        tid,
        user,
        group,
        sees_all,
    })
}

proptest! {
    #[test]
    fn requests_survive_the_message(request in request(), asker in asker()) {
        let Encoded { label, words, count } = request.encode(asker);
        prop_assert_eq!(Request::decode(label, &words[..count]), Some((request, asker)));
    }

    #[test]
    fn every_message_is_one_request_or_none(
        label in 0..40_u16, words in prop::collection::vec(0..3_u32, 0..12),
    ) {
        if let Some((request, asker)) = Request::decode(label, &words) {
            let encoded = request.encode(asker);
            prop_assert_eq!((encoded.label, &encoded.words[..encoded.count]), (label, &words[..]));
        }
    }

    #[test]
    fn every_reply_is_one_or_none(words in prop::array::uniform6(prop_oneof![0..6_u32, any::<u32>()])) {
        if let Some(found) = Found::decode(words) {
            prop_assert_eq!(found.encode(), words);
        }
        let [kind, tid, index, ..] = words;
        if let Some(link) = Link::decode([kind, tid, index]) {
            prop_assert_eq!(link.encode(), [kind, tid, index]);
        }
    }
}

#[test]
fn replies_survive_the_message() {
    let (node, directory, consumed) = (u64::MAX - 1, 1 << 33, 7);
    for found in [
        Found::Node { node, consumed },
        Found::Link { node, directory, consumed },
        Found::Missing { directory, consumed },
    ] {
        assert_eq!(Found::decode(found.encode()), Some(found));
    }
    let magic = |object| Link::Magic { tid: 7, object };
    for link in [
        Link::Text(9),
        magic(Object::Program),
        magic(Object::WorkingDirectory),
        magic(Object::Root),
        magic(Object::Descriptor(3)),
    ] {
        assert_eq!(Link::decode(link.encode()), Some(link));
    }
}
