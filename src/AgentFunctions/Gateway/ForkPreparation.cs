using System.Text;
using AgentFunctions.Gateway.Folders;
using AgentFunctions.Loop;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Tools;

namespace AgentFunctions.Gateway;

/// <summary>Gives a fork what it begins with: messages, budget, folder, and who has led it so far.</summary>
internal sealed class ForkPreparation(RunCopy copy, ForkBudget budgets, Inbox inbox, ForkLeaders leaders, ForkFolders folders,
    RunTools tools)
{
    /// <summary>Prepares a fork. Safe to repeat.</summary>
    /// <param name="draft">The fork.</param>
    /// <param name="source">The run to start from.</param>
    /// <param name="request">The request.</param>
    /// <param name="left">What is taken of the run's budget; <see langword="null"/> if the request brings its own.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<RunState> PrepareAsync(
        RunDraft draft, RunRecord source, ForkRequest request, BudgetShare? left, CancellationToken cancellationToken)
    {
        await leaders.NoteAsync(draft.Run, source, cancellationToken).ConfigureAwait(false);
        await leaders.CopyCallsAsync(draft.Run, source, cancellationToken).ConfigureAwait(false);
        await folders.PrepareAsync(source, draft.Run, request, cancellationToken).ConfigureAwait(false);
        CopiedRun copied = await copy.CopyAsync(source.Id, draft.Run.Id, draft.Run.ForkedFrom!.Turn, cancellationToken)
            .ConfigureAwait(false);
        long loaded = await tools.CopyLoadsAsync(source.Id, draft.Run, draft.Run.ForkedFrom.Turn, cancellationToken)
            .ConfigureAwait(false);
        // What is taken is taken for a fork that there will be, though its caller leaves.
        cancellationToken = CancellationToken.None;
        if (left is not null)
        {
            await budgets.TakeAsync(source.Id, draft.Run.Id, left, cancellationToken).ConfigureAwait(false);
        }

        return draft.State with
        {
            Turns = draft.Run.ForkedFrom.Turn,
            Context = copied.Context,
            PendingBytes = draft.State.PendingBytes + copied.Bytes + loaded
                + await SayAsync(draft.Run, request.Message, copied.Said, cancellationToken).ConfigureAwait(false),
            InboxShown = copied.Said,
            Inbox = copied.Said + (request.Message is null ? 0 : 1),
        };
    }

    /// <summary>Gives back what a fork took of the budget of its source, where it does not come on record.</summary>
    public async Task GiveBackAsync(RunRecord fork, RunRecord source)
    {
        try
        {
            await budgets.GiveBackAsync(source.Id, fork.Id).ConfigureAwait(false);
        }
        catch (AgentException)
        {
            // The store is out of reach: what refused the fork is what counts.
        }
    }

    /// <summary>Puts the first message into the new run's inbox; returns its size in bytes.</summary>
    private async Task<long> SayAsync(RunRecord run, string? message, long position, CancellationToken cancellationToken)
    {
        if (message is null)
        {
            return 0;
        }

        await inbox.AddIfMissingAsync(run.Id, position, new InboxMessage(message, run.Requester, run.CreatedAt),
            cancellationToken).ConfigureAwait(false);
        return RunSteering.MessageFrame + Encoding.UTF8.GetByteCount(message);
    }
}
