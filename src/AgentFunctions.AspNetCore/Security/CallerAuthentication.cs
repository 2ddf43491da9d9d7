using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using AgentFunctions.AspNetCore.Problems;
using AgentFunctions.AspNetCore.Security.Oidc;
using AgentFunctions.Gateway;
using AgentFunctions.Governance.Identity;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace AgentFunctions.AspNetCore.Security;

/// <summary>
/// Recognises callers: the host's own key, API keys with roles, tokens of issuers that it trusts, users that the app has signed
/// in, the principal that Azure has checked. Where none of these exists, whoever is on the host's own machine is the local
/// caller.
/// </summary>
internal sealed class CallerAuthentication(
    IOptions<ApiOptions> options, ApiKeys keys, OidcCallers tokens, AppAuthentication app, UserCallers users,
    AddressTickets tickets)
{
    private const string Scheme = "Bearer ";

    /// <summary>Who looks at an exported run: it may see all of it.</summary>
    private static readonly Caller s_reader = new("reader") { Roles = [CallerRoles.Viewer, CallerRoles.Auditor] };

    private readonly byte[]? _hostKey = options.Value.Key is { } key ? SHA256.HashData(Encoding.UTF8.GetBytes(key)) : null;

    /// <summary>Whether people may have a key to type in.</summary>
    public async ValueTask<bool> TakesKeysAsync(CancellationToken cancellationToken) => _hostKey is not null
        || await keys.AnyAsync(cancellationToken);

    /// <summary>Whether a call without credentials is refused.</summary>
    public async ValueTask<bool> IsRequiredAsync(HttpContext context) =>
        _hostKey is not null || tokens.IsConfigured || options.Value.TrustFunctionsPrincipal
        || await app.CoversAsync(context) || await keys.AnyAsync(context.RequestAborted);

    /// <summary>Who calls; <see langword="null"/> where the credentials are missing or wrong.</summary>
    public async ValueTask<RecognisedCaller?> RecogniseAsync(HttpContext context)
    {
        string header = context.Request.Headers.Authorization.ToString();
        bool hasToken = header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase);
        if (hasToken && await FindByTokenAsync(header[Scheme.Length..].Trim(), context.RequestAborted) is { } holder)
        {
            return new RecognisedCaller(holder, IsExplicit: true);
        }

        if (header.Length == 0 && TicketedAddress.Find(context.Request) is { } ticketed)
        {
            // A ticket that is not good is refused also where no credentials are needed: it says as whom the address is read.
            return await tickets.FindAsync(ticketed.Ticket, ticketed.Address, context.RequestAborted) is { } sender
                ? new RecognisedCaller(sender, IsExplicit: true) { IsByTicket = true }
                : null;
        }

        // The token of a user may still be the app's own, or the platform's. With a cookie beside it nobody can tell which of them
        // signed the user in.
        bool isExplicit = hasToken && context.Request.Headers.Cookie.Count == 0 && context.Connection.ClientCertificate is null;
        if (await app.FindUserAsync(context) is { } user)
        {
            return new RecognisedCaller(CallerOf(user), isExplicit);
        }

        // The platform in front names the principal of a token too, which it has checked and passes on.
        if (options.Value.TrustFunctionsPrincipal && FunctionsPrincipal.Find(context.Request) is { } principal)
        {
            return new RecognisedCaller(principal, isExplicit);
        }

        // A client of such an endpoint always sends a key, so on a host without keys it is not a wrong one.
        bool isWrong = hasToken && context.GetEndpoint()?.Metadata.GetMetadata<PlaceholderKeys>() is null;
        return isWrong || await IsRequiredAsync(context)
            ? null
            : new RecognisedCaller(options.Value.Export is null ? Caller.Local : s_reader, IsExplicit: false);
    }

    private async ValueTask<Caller?> FindByTokenAsync(string token, CancellationToken cancellationToken)
    {
        bool isHostKey = _hostKey is not null
            && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(token)), _hostKey);
        return isHostKey
            ? Caller.Local with { Id = "host-key" }
            : await keys.FindAsync(token, cancellationToken) ?? await tokens.FindAsync(token, cancellationToken);
    }

    private Caller CallerOf(ClaimsPrincipal user) =>
        users.Find(user) ?? throw new ProblemException(
            StatusCodes.Status403Forbidden, "callerNotAllowed",
            "The user that is signed in is no caller here: Api:Users:NameClaim or CallerFrom gives it no id, or one of the host's own.");
}

/// <summary>Marks an endpoint whose clients always send a key: on a host without keys it is ignored.</summary>
internal sealed record PlaceholderKeys;
