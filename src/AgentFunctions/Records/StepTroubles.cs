using System.Text.Json;
using AgentFunctions.Storage;

namespace AgentFunctions.Records;

/// <summary>
/// Remembers of each run which steps failed and are tried again. One small record a run, only while there is trouble.
/// </summary>
internal sealed class StepTroubles(IRecordStore records)
{
    /// <summary>The most steps that are remembered of one run: parallel calls beyond them are in the journal.</summary>
    private const int MostSteps = 16;

    /// <summary>How often a change is made again upon what another step wrote meanwhile.</summary>
    private const int MostConflicts = 8;

    /// <summary>Gets the steps of a run that are in trouble.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<IReadOnlyList<StepTrouble>> GetAsync(string runId, CancellationToken cancellationToken) =>
        Read(await records.GetAsync(Key(runId), cancellationToken).ConfigureAwait(false));

    /// <summary>Adds to what is known of a step.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="step">The step.</param>
    /// <param name="change">Says what is known from now on; it is given what was known.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>What was known before, and what is now.</returns>
    public async Task<(StepTrouble? Before, StepTrouble After)> NoteAsync(
        string runId, StepTrouble step, Func<StepTrouble?, StepTrouble> change, CancellationToken cancellationToken)
    {
        for (int conflicts = 0; ; conflicts++)
        {
            StoredRecord? record = await records.GetAsync(Key(runId), cancellationToken).ConfigureAwait(false);
            List<StepTrouble> known = Read(record);
            StepTrouble? before = known.Find(step.IsSameStep);
            StepTrouble after = change(before);
            known.RemoveAll(step.IsSameStep);
            known.Insert(0, after);
            try
            {
                await WriteAsync(runId, record, [.. known.Take(MostSteps)], cancellationToken).ConfigureAwait(false);
                return (before, after);
            }
            catch (AgentException e) when (e.Code == ErrorCode.EtagConflict && conflicts < MostConflicts)
            {
                // A parallel step was quicker.
            }
        }
    }

    /// <summary>Forgets a step: it succeeded.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="step">The step; <see langword="null"/> for all of the run.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>Whether other steps of the run are in trouble.</returns>
    public async Task<bool> ForgetAsync(string runId, StepTrouble? step, CancellationToken cancellationToken)
    {
        for (int conflicts = 0; ; conflicts++)
        {
            StoredRecord? record = await records.GetAsync(Key(runId), cancellationToken).ConfigureAwait(false);
            if (record is null)
            {
                return false;
            }

            List<StepTrouble> left = step is null ? [] : Read(record).FindAll(known => !known.IsSameStep(step));
            try
            {
                await (left.Count == 0
                    ? records.DeleteAsync(Key(runId), RecordCondition.IfMatch(record.Etag), cancellationToken)
                    : WriteAsync(runId, record, left, cancellationToken)).ConfigureAwait(false);
                return left.Count > 0;
            }
            catch (AgentException e) when (e.Code == ErrorCode.EtagConflict && conflicts < MostConflicts)
            {
                // A parallel step was quicker.
            }
        }
    }

    private Task WriteAsync(string runId, StoredRecord? before, List<StepTrouble> steps, CancellationToken cancellationToken) =>
        records.PutAsync(
            Key(runId), JsonSerializer.SerializeToUtf8Bytes(steps, ClaimsJsonContext.Default.ListStepTrouble),
            RecordCondition.Since(before?.Etag), cancellationToken);

    private static List<StepTrouble> Read(StoredRecord? record) =>
        record is null ? [] : JsonSerializer.Deserialize(record.Value.Span, ClaimsJsonContext.Default.ListStepTrouble) ?? [];

    private static string Key(string runId) => $"troubles/{runId}";
}
