//! The end or the silence of a server at each message of some work.

use crate::campaign::{Campaign, Stop};
use crate::client::{Ended, work};
use crate::options::Task;
use crate::round::run;
use crate::witness::{Act, Order, Witness};
use alloc::format;

/// Until the work has no more messages. Whatever happens to its server, it is done.
pub fn sweep(campaign: &mut Campaign<'_>, act: Act, task: &Task) -> Result<(), Stop> {
    let target = campaign.target;
    for nth in (task.first..).step_by(task.number.max(1) as usize).take(task.count as usize) {
        let server = campaign.server()?.pid;
        let order = Order { receives: target.receives, nth, act };
        let witness = Witness::new(server, Some(order))?;
        // It waits in a call that began before anybody looked.
        let (touched, _) = work(target.touch, target.limit);
        witness.begin_to_count();
        let round = run(target, server, &witness);
        if !witness.has_happened() {
            break;
        }
        drop(witness);
        campaign.tell(nth, act.name(), &"-", &round)?;
        if (&touched, &round.ended) != (&Ended::Done, &Ended::Done) {
            let ended = &round.ended;
            return Err(Stop::Broken(format!("{} at message {nth}: {ended:?}", act.name())));
        }
        campaign.message()?;
    }
    Ok(())
}
