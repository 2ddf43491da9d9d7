using AgentFunctions.Gateway;
using AgentFunctions.Mesh;
using AgentFunctions.Mesh.Cards;
using Microsoft.Extensions.Options;

namespace AgentFunctions.AspNetCore.Doors.A2A;

/// <summary>Refuses work that goes in circles between hosts, or too deep.</summary>
internal sealed class MeshBounds(CardKeys keys, IOptions<SwarmOptions> swarm)
{
    /// <summary>Ensures that work may be done here.</summary>
    /// <param name="origin">Where it comes from; <see langword="null"/> for a client.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="A2AException">It has been here already, or has come through too many hosts.</exception>
    public async Task EnsureAsync(MeshOrigin? origin, CancellationToken cancellationToken)
    {
        if (origin is null)
        {
            return;
        }

        if (origin.Via.Contains(await keys.HostIdAsync(cancellationToken), StringComparer.Ordinal))
        {
            throw A2AException.Invalid("This work has come through this host already: agents must not call each other in a circle.");
        }

        if (origin.Via.Count > swarm.Value.MaxDepth)
        {
            throw A2AException.Invalid(
                $"This work has come through {origin.Via.Count} hosts; this one takes what has come through {swarm.Value.MaxDepth} at most.");
        }
    }
}
