using System.Diagnostics;
using System.Net.Sockets;
using AgentFunctions.Network;

namespace AgentFunctions.Monitors.Signals;

/// <summary>Opens a TCP connection and closes it.</summary>
internal sealed class TcpCheck(NetworkGuard network) : ISignalCheck
{
    public bool Handles(SignalDefinition signal) => signal.Tcp is not null;

    public async Task<Observation> LookAsync(
        SignalDefinition signal, SignalMemory last, DateTimeOffset now, CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        using Socket socket = await network.ConnectAsync(HttpCheck.HttpClientName, signal.Tcp!.Host, signal.Tcp.Port,
            cancellationToken)
            .ConfigureAwait(false);
        return new Observation(signal.Name)
        {
            Value = Math.Round(Stopwatch.GetElapsedTime(start).TotalMilliseconds, 1),
            Fingerprint = "open",
        };
    }
}
