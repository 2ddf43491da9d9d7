using AgentFunctions.Budgets;
using AgentFunctions.Core.Text;
using AgentFunctions.Diagnostics;
using AgentFunctions.Durability;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Loop;
using AgentFunctions.Models;
using AgentFunctions.Prompts;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Tools;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Steps;

/// <summary>One model call: shows the model its messages, records what it says. Never asks again for what is recorded.</summary>
internal sealed class CallModelActivity(
    Transcript transcript, Journal journal, ModelRequests requests, ModelCaller caller, TimeProvider time, Redactor redactor)
{
    /// <summary>How much of an answer the journal repeats, in characters.</summary>
    private const int JournalTextLimit = 2_000;

    /// <summary>A shorter conversation fits every window, in bytes.</summary>
    private const int LongRequestBytes = 16 * 1024;

    /// <summary>What stands for the reason of the end where the model declined to answer.</summary>
    private const string Refusal = "refusal";

    public async Task<CallModelResult> RunAsync(ActivityContext context, CallModelInput input)
    {
        CancellationToken cancellationToken = context.CancellationToken;
        TranscriptWindow window = await transcript.ReadWindowAsync(input.RunId, input.Context, cancellationToken)
            .ConfigureAwait(false);
        if (window.ReplyOf(input.Turn) is { } recorded)
        {
            // A crash came between the record and the engine's: the journal may or may not have heard of it.
            if (SwitchOf(recorded, window) is { } switched)
            {
                await journal.AppendIfMissingAsync(input.RunId, switched, cancellationToken).ConfigureAwait(false);
            }

            await journal.AppendIfMissingAsync(input.RunId, Describe(recorded, null), cancellationToken).ConfigureAwait(false);
            return ResultOf(recorded);
        }

        ModelRequest request = await requests.ComposeAsync(input, window, cancellationToken).ConfigureAwait(false);
        (RunRecord run, ModelBinding model, IReadOnlyList<TranscriptEntry> added) = (request.Run, request.Model, request.Added);
        (List<ChatMessage> messages, ChatOptions options, IReadOnlyList<ToolDeclaration> declared) = (request.Messages,
            request.Options, request.Declared);

        long start = time.GetTimestamp();
        ModelAnswer? answer;
        string? delivery = null;
        try
        {
            var call = new ModelCall(input.RunId, input.Call, input.Reserve is not null, run.Priority)
            {
                Turn = input.Turn,
                InboxFrom = input.InboxFrom,
                InboxTo = input.InboxTo,
                Shown = shown => delivery = shown,
            };
            answer = await caller.CallAsync(call, model, messages, options, cancellationToken).ConfigureAwait(false);
        }
        catch (AgentException e) when (ModelPause.Of(e) is { } pause)
        {
            return CallModelResult.None with { RetryAfter = pause };
        }
        catch (AgentException e) when (e.Code == ErrorCode.ModelContextExceeded
            || (e.Data.Contains(ModelConventions.UnknownRefusal) && MayBeTooLong(window, input)))
        {
            return CallModelResult.None with { ContextExceeded = true };
        }

        if (answer is not var (response, speaker))
        {
            await journal.AppendAsync(
                input.RunId,
                new JournalEvent(JournalEventTypes.ModelLost, time.GetUtcNow())
                {
                    Turn = input.Turn,
                    Model = model.Name,
                    Usage = input.Reserve,
                },
                cancellationToken).ConfigureAwait(false);
            return CallModelResult.None with { Lost = true };
        }

        ChatMessage said = response.Messages[0];
        bool hasCallsInText = !input.Closing && response.FinishReason != ChatFinishReason.Length
            && !said.Contents.OfType<FunctionCallContent>().Any()
            && CallsInText.Has(said.Text, declared.Select(static tool => tool.Name));
        var reply = new TranscriptEntry(input.Turn, said, time.GetUtcNow())
        {
            Origin = TranscriptOrigin.Model,
            Model = speaker.Name,
            InPlaceOf = ReferenceEquals(speaker, model) ? null : model.Name,
            Usage = ModelCaller.UsageOf(response, messages, options, speaker.Profile),
            FinishReason = hasCallsInText ? CallsInText.Reason : response.FinishReason?.Value,
        };
        TimeSpan took = time.GetElapsedTime(start);
        AgentTelemetry.Spent(run, speaker, reply.Usage!);
        if (input.Call == 1)
        {
            AgentTelemetry.RunBegun(run, reply.At - took - run.CreatedAt);
        }

        // Handed over together, in this order, so that they share one flush to disk with the engine's record of the step. The answer
        // is there and paid for: this is carried through, whatever becomes of the step.
        TranscriptEntry[] entries = [.. added, reply];
        IReadOnlyList<ReadOnlyMemory<byte>> data = await transcript.PrepareAsync(input.RunId, entries, CancellationToken.None)
            .ConfigureAwait(false);
        await context.LastWrites.WriteAsync(
            () => transcript.AppendAsync(input.RunId, window, entries, data, CancellationToken.None),
            () => SwitchOf(reply, window) is { } other
                ? journal.AppendAsync(input.RunId, other, CancellationToken.None)
                : Task.CompletedTask,
            () => journal.AppendAsync(input.RunId, Describe(reply, took) with { Delivery = delivery },
                CancellationToken.None))
            .ConfigureAwait(false);
        caller.Recorded(input.RunId, input.Turn);
        return ResultOf(reply);
    }

    /// <summary>
    /// Whether a refusal in words that nobody knows may be about the request's length: tried once, where there is something to
    /// sum up and it was not summed up just now.
    /// </summary>
    private static bool MayBeTooLong(TranscriptWindow window, CallModelInput input)
    {
        bool wasJustSummedUp = window.Entries.Any(entry => entry.SummaryKeepsFrom is not null && entry.Turn == input.Turn - 1);
        return !input.Closing && !wasJustSummedUp
            && window.Entries.Count(static entry => entry.Message.Role == ChatRole.Assistant) > 1
            && window.Entries.Sum(static entry => Prompt.BytesOf(entry.Message)) >= LongRequestBytes;
    }

    private static CallModelResult ResultOf(TranscriptEntry reply) => new(
        [.. reply.Calls.Select(ModelConventions.NameOf)],
        reply.Usage ?? new TokenUsage(),
        reply.Message.Contents.OfType<ErrorContent>().Any() ? Refusal : reply.FinishReason,
        !string.IsNullOrWhiteSpace(reply.Message.Text))
    {
        Model = reply.InPlaceOf is null ? null : reply.Model,
    };

    /// <summary>Tells that another model answers than the turn before; <see langword="null"/> if none does.</summary>
    private JournalEvent? SwitchOf(TranscriptEntry reply, TranscriptWindow window)
    {
        TranscriptEntry? before = window.Last(
            entry => entry.Turn < reply.Turn && entry.Source == TranscriptOrigin.Model && entry.Model is not null);
        string asked = reply.InPlaceOf ?? reply.Model!;
        if ((before?.Model ?? asked) == reply.Model || (reply.InPlaceOf is null && before?.InPlaceOf is null))
        {
            return null;
        }

        string why = reply.InPlaceOf is null ? $"model '{reply.Model}' answers again."
            : $"model '{reply.Model}' answers in place of '{asked}': {caller.WhyNot(asked) ?? "it gave no answer."}";
        return new JournalEvent(JournalEventTypes.ModelSwitched, reply.At)
        {
            Turn = reply.Turn,
            Model = reply.Model,
            Text = Preview.Of(redactor.Redact(why), JournalTextLimit),
        };
    }

    private JournalEvent Describe(TranscriptEntry reply, TimeSpan? took) => new(JournalEventTypes.ModelCompleted, reply.At)
    {
        Turn = reply.Turn,
        Model = reply.Model,
        Text = Preview.Of(redactor.Redact(reply.Message.Text), JournalTextLimit),
        Usage = reply.Usage,
        DurationMs = (long?)took?.TotalMilliseconds,
    };
}
