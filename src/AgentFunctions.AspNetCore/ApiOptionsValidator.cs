using AgentFunctions.AspNetCore.Security;
using Microsoft.Extensions.Options;

namespace AgentFunctions.AspNetCore;

/// <summary>Finds what is wrong with the section <c>Api</c>; each fault names its field and the remedy.</summary>
internal sealed class ApiOptionsValidator : IValidateOptions<ApiOptions>
{
    public ValidateOptionsResult Validate(string? name, ApiOptions options)
    {
        string[] faults = [.. Faults(options)];
        return faults.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private static IEnumerable<string> Faults(ApiOptions options)
    {
        // The platform leaves the text of a reference that it cannot resolve, which everybody can guess.
        if (options.Key?.StartsWith("@Microsoft.", StringComparison.OrdinalIgnoreCase) == true)
        {
            yield return "Api:Key: the reference was not resolved; give the app's identity access to the vault, or correct the secret's address.";
        }

        if (options.TrustFunctionsPrincipal && CallerIds.FindIssuer(options, CallerIds.Principals) is { } issuer)
        {
            yield return $"{issuer}:Name and Api:TrustFunctionsPrincipal: the ids of both begin with '{CallerIds.Principals}', so that two people could have one id; set another {issuer}:Name.";
        }

        if (options.PublicUrl is { } address && !IsAddress(address))
        {
            yield return $"Api:PublicUrl: '{address}' is not a valid address. Use scheme, host and the path that the runtime is mapped below, such as https://example.org/agents.";
        }

        if (!CallerIds.IsBeginning(options.Users.Name))
        {
            yield return "Api:Users:Name: use letters, digits, '-', '_' and '.', at most 64.";
        }
        else if (CallerIds.IsOwn(options.Users.Name))
        {
            yield return $"Api:Users:Name: '{options.Users.Name}' begins the ids of other callers; use another name.";
        }

        for (int i = 0; i < options.Origins.Count; i++)
        {
            if (!IsOrigin(options.Origins[i]))
            {
                yield return $"Api:Origins:{i}: '{options.Origins[i]}' is not a valid origin. Use scheme, host and port alone, such as https://app.example.org.";
            }
        }

        for (int i = 0; i < options.Proxies.Count; i++)
        {
            if (ClientAddress.TryParse(options.Proxies[i]) is null)
            {
                yield return $"Api:Proxies:{i}: '{options.Proxies[i]}' is not a valid address. Use, for example, 10.0.0.4 or 10.0.0.0/8.";
            }
        }
    }

    private static bool IsAddress(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https"
            && uri.Query.Length + uri.Fragment.Length + uri.UserInfo.Length == 0;

    private static bool IsOrigin(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? uri)
        && uri.Scheme is "http" or "https"
        && text.Equals(uri.GetLeftPart(UriPartial.Authority), StringComparison.OrdinalIgnoreCase);
}
