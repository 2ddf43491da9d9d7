using System.Diagnostics;
using System.Globalization;

namespace AgentFunctions.Monitors.Signals;

/// <summary>Looks whether a process runs on the host.</summary>
internal sealed class ProcessCheck : ISignalCheck
{
    public bool Handles(SignalDefinition signal) => signal.Process is not null;

    public Task<Observation> LookAsync(
        SignalDefinition signal, SignalMemory last, DateTimeOffset now, CancellationToken cancellationToken)
    {
        ProcessSignal target = signal.Process!;
        Process[] found = Process.GetProcessesByName(target.Name);
        int[] ids = [.. found.Select(process => process.Id).Order()];
        Array.ForEach(found, process => process.Dispose());
        string list = string.Join(", ", ids.Select(id => id.ToString(CultureInfo.InvariantCulture)));
        return Task.FromResult(new Observation(
            signal.Name, ids.Length < target.AtLeast ? $"{ids.Length} of {target.AtLeast} processes '{target.Name}' run" : null)
        {
            Value = ids.Length,
            Evidence = ids.Length == 0 ? null : Evidence.Of($"process ids: {list}"),
            Fingerprint = list,
        });
    }
}
