using Microsoft.DurableTask.Client;

namespace AgentFunctions.AzureFunctions.Durability;

/// <summary>
/// The Durable Task client, which Functions hands to invocations and not to services: every trigger leaves the one that it
/// was given. The newest counts, since a host that starts again listens elsewhere.
/// </summary>
internal sealed class DurableClientAccessor
{
    private volatile DurableTaskClient? _client;

    public DurableTaskClient Client
    {
        get => _client ?? throw new AgentException(
            ErrorCode.EngineUnavailable, "The Functions host has not called this app yet; repeat once it has.");
        set => _client = value;
    }
}
