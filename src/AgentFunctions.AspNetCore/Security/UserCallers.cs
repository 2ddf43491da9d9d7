using System.Security.Claims;
using Microsoft.Extensions.Options;

namespace AgentFunctions.AspNetCore.Security;

/// <summary>Finds the caller that a signed-in user of the app is.</summary>
internal sealed class UserCallers(IOptions<ApiOptions> options)
{
    private static readonly string[] NameClaims = [ClaimTypes.NameIdentifier, "sub"];
    private static readonly string[] RoleClaims = ["roles", "role"];

    private readonly ApiOptions _options = options.Value;

    /// <summary>The caller; <see langword="null"/> if the user may not call or has no id of its own.</summary>
    public Caller? Find(ClaimsPrincipal user) =>
        _options.CallerMapping is { } mapping
            ? mapping(user) is { } caller ? CallerIds.TryCreate(caller.Id, caller.Roles) : null
            : Find([.. user.Identities.Where(static identity => identity.IsAuthenticated)], _options.Users);

    private static Caller? Find(IReadOnlyList<ClaimsIdentity> identities, UserOptions users)
    {
        string? name = (users.NameClaim is { } claim ? [claim] : NameClaims)
            .Select(type => identities.Select(identity => identity.FindFirst(type)?.Value)
                .FirstOrDefault(static value => value is not null))
            .FirstOrDefault(static value => value is not null);
        IEnumerable<string> values =
            identities.SelectMany(identity => (users.RolesClaim is { } roles
                ? [roles]
                : RoleClaims.Append(identity.RoleClaimType))
            .SelectMany(identity.FindAll)
            .Select(static found => found.Value));
        return string.IsNullOrWhiteSpace(name)
            ? null
            : CallerIds.TryCreate(
                $"{users.Name}:{name}",
                users.Roles.Count == 0 ? values : values.Where(users.Roles.ContainsKey).Select(value => users.Roles[value]));
    }
}
