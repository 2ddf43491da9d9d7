using AgentFunctions.Monitors.Incidents;

namespace AgentFunctions.IncidentMonitor;

/// <summary>Prints what happens to the first incident, until its response is verified.</summary>
internal static class IncidentTimeline
{
    public static async Task<Incident?> FollowAsync(IncidentService incidents, CancellationToken cancellationToken)
    {
        int printed = 0;
        Incident? incident = null;
        while (incident?.Timeline.Any(entry => entry.Kind == IncidentEntryKind.Verified) != true)
        {
            if (cancellationToken.IsCancellationRequested)
            {
                return incident;
            }

            await Task.Delay(200, CancellationToken.None);
            incident = (await incidents.ListAsync(cancellationToken: CancellationToken.None)).LastOrDefault();
            foreach (IncidentEntry entry in incident?.Timeline.Skip(printed) ?? [])
            {
                Console.WriteLine($"{entry.At.UtcDateTime:HH:mm:ss}  {entry.Kind,-13}  {entry.By}: {entry.Text}");
                printed++;
            }
        }

        return incident;
    }
}
