using System.Text.Json;
using AgentFunctions.Agents;
using AgentFunctions.Core.Text;
using AgentFunctions.Loop;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Storage;
using ActivityContext = AgentFunctions.Durability.ActivityContext;

namespace AgentFunctions.Steps;

/// <summary>
/// Finds out whether an answer is what was asked for: first by its schema, then by the command, then by the judge. What it
/// found is recorded, so that a crash does not make it ask again.
/// </summary>
internal sealed class CheckAcceptanceActivity(
    RunStore runs, Transcript transcript, Journal journal, IRecordStore records, AnswerCheck checks, TimeProvider time)
{
    /// <summary>
    /// How much of the findings the model is shown, in bytes (UTF-8): they travel in the run's status, of which some engines keep
    /// 16 KiB.
    /// </summary>
    internal const int MaxFindings = 4_000;

    public async Task<CheckAcceptanceResult> RunAsync(ActivityContext context, CheckAcceptanceInput input)
    {
        CancellationToken cancellationToken = context.CancellationToken;
        string key = $"acceptance/{input.RunId}/{input.Turn:D6}";
        if (await records.GetAsync(key, cancellationToken).ConfigureAwait(false) is { } record)
        {
            CheckAcceptanceResult known = JsonSerializer.Deserialize(record.Value.Span,
                LoopJsonContext.Default.CheckAcceptanceResult)!;
            await journal.AppendIfMissingAsync(input.RunId, Describe(input, known), cancellationToken).ConfigureAwait(false);
            return known;
        }

        RunRecord run = await runs.GetAsync(input.RunId, cancellationToken).ConfigureAwait(false);
        AgentDefinition agent = await runs.GetDefinitionAsync(run, cancellationToken).ConfigureAwait(false);
        TranscriptWindow window = await transcript.ReadTurnAsync(input.RunId, input.Context, input.Turn, cancellationToken)
            .ConfigureAwait(false);
        string answer = window.ReplyOf(input.Turn)?.Message.Text ?? "";
        CheckAcceptanceResult? result = await checks.CheckAsync(run, agent, input, answer, cancellationToken).ConfigureAwait(false);
        if (result is null)
        {
            var lost = new JournalEvent(JournalEventTypes.ModelLost, time.GetUtcNow())
            {
                Turn = input.Turn,
                Usage = input.Reserve,
            };
            await journal.AppendAsync(run.Id, lost, cancellationToken).ConfigureAwait(false);
            return new CheckAcceptanceResult(false, new()) { Lost = true };
        }

        if (result.RetryAfter is null)
        {
            result = result with
            {
                Findings = string.IsNullOrEmpty(result.Findings)
                ? null
                : Preview.OfBytes(result.Findings, MaxFindings)
            };
            byte[] json = JsonSerializer.SerializeToUtf8Bytes(result, LoopJsonContext.Default.CheckAcceptanceResult);
            // What was found is paid for: carried through, whatever becomes of the step.
            await records.PutAsync(key, json, default, CancellationToken.None).ConfigureAwait(false);
            await journal.AppendAsync(run.Id, Describe(input, result), CancellationToken.None).ConfigureAwait(false);
        }

        return result;
    }

    private JournalEvent Describe(CheckAcceptanceInput input, CheckAcceptanceResult result) =>
        new(JournalEventTypes.AnswerChecked, time.GetUtcNow())
        {
            Turn = input.Turn,
            Text = result.Findings,
            IsError = result.Accepted ? null : true,
            Usage = result.Usage,
        };
}
