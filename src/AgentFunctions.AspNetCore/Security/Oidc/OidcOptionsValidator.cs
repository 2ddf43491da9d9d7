using Microsoft.Extensions.Options;

namespace AgentFunctions.AspNetCore.Security.Oidc;

/// <summary>Finds what is wrong with the issuers of <c>Api:Oidc</c>; each fault names its field and the remedy.</summary>
internal sealed class OidcOptionsValidator : IValidateOptions<ApiOptions>
{
    public ValidateOptionsResult Validate(string? name, ApiOptions options)
    {
        string[] faults = [.. options.Oidc.SelectMany((issuer, index) => Faults($"Api:Oidc:{index}", issuer,
            options.Oidc.Take(index)))];
        return faults.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private static IEnumerable<string> Faults(string path, OidcOptions issuer, IEnumerable<OidcOptions> earlier)
    {
        if (!Uri.TryCreate(issuer.Issuer, UriKind.Absolute, out Uri? uri) || !IsSafe(uri)
            || uri.Query.Length + uri.Fragment.Length > 0)
        {
            yield return $"{path}:Issuer: set the issuer's https address, such as https://login.microsoftonline.com/TENANT/v2.0.";
        }
        else if (earlier.Any(other => other.Issuer == issuer.Issuer))
        {
            yield return $"{path}:Issuer: '{issuer.Issuer}' is there twice; remove one.";
        }

        if (string.IsNullOrWhiteSpace(issuer.Audience))
        {
            yield return $"{path}:Audience: set for whom tokens must be; without it a token for any other program would do.";
        }

        if (!CallerIds.IsBeginning(issuer.Name))
        {
            yield return $"{path}:Name: use letters, digits, '-', '_' and '.', at most 64.";
        }
        else if (CallerIds.IsOwn(issuer.Name)
            || earlier.Any(other => string.Equals(other.Name, issuer.Name, StringComparison.OrdinalIgnoreCase)))
        {
            yield return $"{path}:Name: '{issuer.Name}' begins the ids of other callers; use another name.";
        }

        if (string.IsNullOrWhiteSpace(issuer.NameClaim) || string.IsNullOrWhiteSpace(issuer.RolesClaim))
        {
            yield return $"{path}:NameClaim: name the claims, or leave NameClaim and RolesClaim out.";
        }

        if (issuer.KeyRefresh < TimeSpan.Zero || issuer.KeyRefresh > TimeSpan.FromHours(1))
        {
            yield return $"{path}:KeyRefresh: {issuer.KeyRefresh} is out of range; use up to one hour.";
        }
    }

    /// <summary>Whether nobody on the way can change what an address answers.</summary>
    public static bool IsSafe(Uri uri) => uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback);
}
