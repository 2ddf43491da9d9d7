using System.Text;
using System.Text.Json;
using AgentFunctions.Ledger;
using AgentFunctions.Prompts;
using AgentFunctions.Records;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Gateway;

/// <summary>Copies what a run has said, done and kept up to a turn. Safe to repeat for the same new run.</summary>
internal sealed class RunCopy
{
    private readonly Transcript _transcript;
    private readonly CallLedger _ledger;
    private readonly Inbox _inbox;
    private readonly ArtifactStore _artifacts;
    private readonly PlanStore _plans;
    private readonly PinStore _pins;

    internal RunCopy(Transcript transcript, CallLedger ledger, Inbox inbox, ArtifactStore artifacts, PlanStore plans,
        PinStore pins) =>
        (_transcript, _ledger, _inbox, _artifacts, _plans, _pins) = (transcript, ledger, inbox, artifacts, plans, pins);

    /// <summary>Copies.</summary>
    /// <param name="from">The run.</param>
    /// <param name="to">The new run.</param>
    /// <param name="turn">The last turn to copy; 0 for nothing but what the goal needs.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    internal async Task<CopiedRun> CopyAsync(string from, string to, int turn, CancellationToken cancellationToken)
    {
        List<TranscriptEntry> entries = [];
        DateTimeOffset until = DateTimeOffset.MaxValue;
        await foreach (TranscriptEntry entry in _transcript.ReadAsync(from, 0, null, cancellationToken).ConfigureAwait(false))
        {
            if (entry.Turn > turn)
            {
                until = entry.At;
                break;
            }

            entries.Add(entry);
        }

        if (entries.Count == 0)
        {
            return new CopiedRun(new ContextRef(), 0, 0);
        }

        await _transcript.AddIfEmptyAsync(to, entries, cancellationToken).ConfigureAwait(false);
        long results = await CopyResultsAsync(from, to, entries[^1], cancellationToken).ConfigureAwait(false);
        int said = await CopyInboxAsync(from, to, entries, cancellationToken).ConfigureAwait(false);
        await _inbox.CopyAnswersAsync(from, to, turn, cancellationToken).ConfigureAwait(false);
        foreach (Artifact file in await _artifacts.ListAsync(from, cancellationToken).ConfigureAwait(false))
        {
            if (file.CreatedAt <= until)
            {
                await _artifacts.LinkAsync(to, file, cancellationToken).ConfigureAwait(false);
            }
        }

        if (LastArgument<PlanItem[]>(entries, "update_plan", "items") is { } plan)
        {
            await _plans.PutAsync(to, plan, cancellationToken).ConfigureAwait(false);
        }

        if (LastArgument<string[]>(entries, "pin_facts", "facts") is { } facts)
        {
            await _pins.PutAsync(to, facts, cancellationToken).ConfigureAwait(false);
        }

        TranscriptEntry? summary = entries.LastOrDefault(static entry => entry.SummaryKeepsFrom is not null);
        var context = new ContextRef(summary?.SummaryKeepsFrom ?? 0, summary?.Position);
        long bytes = entries.Where(entry => entry == summary
            || (entry.Position >= context.From && entry.SummaryKeepsFrom is null))
            .Sum(static entry => Prompt.BytesOf(entry.Message));
        return new CopiedRun(context, bytes + results, said);
    }

    /// <summary>The outcomes of the last turn's calls are not in the transcript yet; returns their size in bytes.</summary>
    private async Task<long> CopyResultsAsync(string from, string to, TranscriptEntry last, CancellationToken cancellationToken)
    {
        const int Frame = 256;
        long bytes = 0;
        for (int call = 0; call < last.Calls.Count; call++)
        {
            if (await _ledger.FindAsync(from, last.Turn, call, cancellationToken)
                .ConfigureAwait(false) is { Told: { } told } entry)
            {
                // A call that was cut off is one that the fork must not take for one that was not made.
                LedgerEntry copy = entry with { State = LedgerState.Finished, Outcome = told };
                await _ledger.WriteAsync(to, last.Turn, call, copy, cancellationToken).ConfigureAwait(false);
                bytes += Encoding.UTF8.GetByteCount(told.Text);
            }

            bytes += Frame;
        }

        return bytes;
    }

    /// <summary>The messages of people that the model was shown up to here; returns how many.</summary>
    private async Task<int> CopyInboxAsync(string from, string to, List<TranscriptEntry> entries,
        CancellationToken cancellationToken)
    {
        IReadOnlyList<InboxMessage> said = await _inbox.ReadAsync(from, 0, entries.Count, cancellationToken)
            .ConfigureAwait(false);
        int shown = 0;
        foreach (TranscriptEntry entry in entries)
        {
            // An entry of an earlier version may also be a notice of the host's: what people said is in the inbox, in the same
            // order.
            bool isSaid = shown < said.Count && (entry.Source == TranscriptOrigin.Person
                ? entry.Origin is not null || said[shown].Text == entry.Message.Text
                : said[shown].IsHost == true && entry.Message.Text == $"{Prompt.HostMark} {said[shown].Text}");
            shown += isSaid ? 1 : 0;
        }

        for (int i = 0; i < shown; i++)
        {
            await _inbox.AddIfMissingAsync(to, i, said[i], cancellationToken).ConfigureAwait(false);
        }

        return shown;
    }

    /// <summary>What the model last gave a tool that replaces all that it keeps.</summary>
    private static T? LastArgument<T>(List<TranscriptEntry> entries, string tool, string argument)
        where T : class
    {
        FunctionCallContent? call = entries.SelectMany(static entry => entry.Calls).LastOrDefault(call => call.Name == tool);
        if (call?.Arguments?.TryGetValue(argument, out object? raw) != true || raw is not JsonElement value)
        {
            return null;
        }

        try
        {
            return (T?)value.Deserialize(StoredRecordsJsonContext.Default.GetTypeInfo(typeof(T))!);
        }
        catch (JsonException)
        {
            // What the tool refused, it has not kept.
            return null;
        }
    }
}

/// <summary>What a new run begins with.</summary>
/// <param name="Context">The part of the transcript that the model is shown.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Said">How many messages of people are in it.</param>
internal sealed record CopiedRun(ContextRef Context, long Bytes, int Said);
