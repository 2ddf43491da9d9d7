using System.Text.Json.Nodes;
using AgentFunctions.Keys;

namespace AgentFunctions.Governance.Identity;

/// <summary>
/// Issues tickets with which a browser reads one address as the caller that asked for it, where it cannot send credentials: a
/// download, an image. Any instance of the host checks them.
/// </summary>
public sealed class AddressTickets
{
    /// <summary>Gets how long a ticket is good for: one minute.</summary>
    public static TimeSpan Lifetime { get; } = TimeSpan.FromSeconds(60);

    internal const string KeyPurpose = "tickets";

    private const string Type = "ticket+jwt";
    private const int MaxLength = 8_192;

    private readonly SigningKeys _keys;
    private readonly TimeProvider _time;

    internal AddressTickets(SigningKeys keys, TimeProvider time) => (_keys, _time) = (keys, time);

    /// <summary>Issues a ticket.</summary>
    /// <param name="caller">The caller that reads the address with it.</param>
    /// <param name="address">The address: path and query.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<AddressTicket> IssueAsync(Caller caller, string address, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentException.ThrowIfNullOrEmpty(address);
        DateTimeOffset expires = DateTimeOffset.FromUnixTimeSeconds((_time.GetUtcNow() + Lifetime).ToUnixTimeSeconds());
        var claims = new JsonObject
        {
            ["sub"] = caller.Id,
            ["roles"] = new JsonArray([.. caller.Roles.Select(static role => (JsonNode)role)]),
            ["address"] = address,
            ["exp"] = expires.ToUnixTimeSeconds(),
            ["jti"] = Guid.NewGuid().ToString("N"),
        };
        return new AddressTicket(
            SignedToken.Write(await _keys.CurrentAsync(cancellationToken).ConfigureAwait(false), Type, claims), expires);
    }

    /// <summary>Finds the caller of a ticket.</summary>
    /// <param name="ticket">The ticket.</param>
    /// <param name="address">The address that is read.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>
    /// The caller; <see langword="null"/> if it is no ticket of this host, is for another address, or has expired.
    /// </returns>
    public async Task<Caller?> FindAsync(string ticket, string address, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(ticket);
        ArgumentNullException.ThrowIfNull(address);
        if (ticket.Length > MaxLength
            || SignedToken.Read(await _keys.PublishedAsync(cancellationToken).ConfigureAwait(false), Type,
                ticket) is not { } claims
            || claims.GetProperty("address").GetString() != address
            || DateTimeOffset.FromUnixTimeSeconds(claims.GetProperty("exp").GetInt64()) <= _time.GetUtcNow())
        {
            return null;
        }

        return new Caller(claims.GetProperty("sub").GetString()!)
        {
            Roles = [.. claims.GetProperty("roles").EnumerateArray().Select(static role => role.GetString()!)],
        };
    }
}

/// <summary>Represents a ticket for one address.</summary>
/// <param name="Text">What the address carries as <c>ticket</c>.</param>
/// <param name="ExpiresAt">When it expires (UTC).</param>
public sealed record AddressTicket(string Text, DateTimeOffset ExpiresAt);
