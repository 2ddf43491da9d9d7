using Microsoft.DurableTask.Client;

namespace AgentFunctions.DurableTask;

/// <summary>
/// Provides the Durable Task client that the runtime uses. Functions hands the client to invocations and not to services, so each
/// trigger sets the one that it was given. The newest counts, since a host that starts again listens on another port.
/// </summary>
public sealed class DurableTaskClientAccessor
{
    private volatile DurableTaskClient? _client;

    /// <summary>Gets or sets the client.</summary>
    /// <exception cref="AgentException"><see cref="ErrorCode.EngineUnavailable"/>: no client was set yet.</exception>
    public DurableTaskClient Client
    {
        get => _client ?? throw new AgentException(
            ErrorCode.EngineUnavailable, "The Functions host has not called this app yet; repeat once it has.");
        set => _client = value;
    }
}
