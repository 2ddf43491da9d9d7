using AgentFunctions.Runs;

namespace AgentFunctions.Monitors.Incidents;

/// <summary>Takes out of incidents what a run that is erased has said: numbers and times stay.</summary>
internal sealed class ErasedEvidence(IncidentStore incidents) : IErasureObserver
{
    private const string Erased = "(erased)";
    private const string ByRun = "run:";

    /// <inheritdoc/>
    public async Task<int> ErasedAsync(ErasingTree erasing, CancellationToken cancellationToken)
    {
        int count = 0;
        await foreach (Incident incident in incidents.ListAsync(cancellationToken).ConfigureAwait(false))
        {
            if (incident.Runs.Any(erasing.Has) || incident.Timeline.Any(entry => IsBy(entry, erasing)))
            {
                await incidents.UpdateAsync(incident.Id, before => Without(before, erasing), cancellationToken)
                    .ConfigureAwait(false);
                count++;
            }
        }

        return count;
    }

    private static Incident Without(Incident before, ErasingTree erasing) => before with
    {
        Runs = [.. before.Runs.Where(run => !erasing.Has(run))],
        Timeline = [.. before.Timeline.Select(entry => IsBy(entry, erasing)
            ? entry with { Text = Erased, Evidence = null }
            : entry)],
    };

    private static bool IsBy(IncidentEntry entry, ErasingTree erasing) =>
        entry.By.StartsWith(ByRun, StringComparison.Ordinal) && erasing.Has(entry.By[ByRun.Length..]);
}
