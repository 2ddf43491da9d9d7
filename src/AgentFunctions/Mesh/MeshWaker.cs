using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using AgentFunctions.Durability;
using AgentFunctions.Notifications;

namespace AgentFunctions.Mesh;

/// <summary>
/// Wakes calls of other hosts' agents when these hosts have something to tell, so that nobody has to wait for the next look. What
/// is told is not believed: it only makes the call look.
/// </summary>
public sealed class MeshWaker
{
    /// <summary>The path under which other hosts wake calls.</summary>
    public const string Path = "/a2a/-/callbacks";

    /// <summary>The most times that a call is woken; looks go on after that.</summary>
    private const int MostWakes = 16;

    /// <summary>The longest id of a run.</summary>
    private const int MostCharacters = 400;

    private readonly MeshCalls _calls;
    private readonly IOrchestrationClient _orchestrations;
    private readonly PublicAddress _address;
    private bool _listens;

    internal MeshWaker(MeshCalls calls, IOrchestrationClient orchestrations, PublicAddress address) =>
        (_calls, _orchestrations, _address) = (calls, orchestrations, address);

    /// <summary>Says that <see cref="Path"/> is mapped.</summary>
    public void Listen() => _listens = true;

    /// <summary>Wakes a call.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="turn">The turn.</param>
    /// <param name="call">The number of the call within its turn.</param>
    /// <param name="secret">The secret of its address.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>Whether there is such an address.</returns>
    public async Task<bool> WakeAsync(string runId, int turn, int call, string secret,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(runId);
        ArgumentNullException.ThrowIfNull(secret);
        if (runId.Length > MostCharacters || !runId.All(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-'))
        {
            return false;
        }

        string key = string.Create(CultureInfo.InvariantCulture, $"{runId}/{turn}/{call}");
        MeshCall? known = await _calls.FindAsync(key, cancellationToken).ConfigureAwait(false);
        if (known?.Wake is not { } wake
            || !CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(wake), Encoding.UTF8.GetBytes(secret)))
        {
            return false;
        }

        // From here on it is carried through, though its caller leaves.
        cancellationToken = CancellationToken.None;
        bool isTold = false;
        await _calls.ChangeAsync(
            key,
            before => (isTold = before is { IsOver: false, Wakes: < MostWakes })
                ? before with { Wakes = before.Wakes + 1 }
                : before,
            cancellationToken)
            .ConfigureAwait(false);
        if (isTold)
        {
            await RaiseAsync(runId, string.Create(CultureInfo.InvariantCulture, $"job:{turn}:{call}"), cancellationToken)
                .ConfigureAwait(false);
        }

        return true;
    }

    /// <summary>Makes a secret; <see langword="null"/> if nobody can reach this host.</summary>
    internal string? NewSecret() => _listens && _address.Base is not null
        ? RandomNumberGenerator.GetHexString(32, lowercase: true)
        : null;

    /// <summary>Gets the address at which a call is woken.</summary>
    /// <param name="call">The key of the call.</param>
    /// <param name="secret">Its secret.</param>
    internal string AddressOf(string call, string secret) => _address.Of($"{Path}/{call}/{secret}");

    private async Task RaiseAsync(string runId, string name, CancellationToken cancellationToken)
    {
        try
        {
            await _orchestrations.RaiseEventAsync(runId, name, "told", cancellationToken).ConfigureAwait(false);
        }
        catch (AgentException e) when (e.Code == ErrorCode.InstanceNotFound)
        {
            // The run is gone.
        }
    }
}
