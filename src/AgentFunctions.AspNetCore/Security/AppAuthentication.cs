using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace AgentFunctions.AspNetCore.Security;

/// <summary>Represents the authentication of the app that the runtime is a part of.</summary>
internal sealed class AppAuthentication(IServiceProvider services, IOptions<ApiOptions> options)
{
    private readonly IAuthenticationSchemeProvider? _schemes = services.GetService<IAuthenticationSchemeProvider>();

    /// <summary>Whether the app has a way to sign users in.</summary>
    public async ValueTask<bool> IsConfiguredAsync() =>
        options.Value.CallerMapping is not null || (_schemes is not null && (await _schemes.GetAllSchemesAsync()).Any());

    /// <summary>Whether the app says who makes a request, or refuses it.</summary>
    public async ValueTask<bool> CoversAsync(HttpContext context) =>
        await IsConfiguredAsync() || IsSignedIn(context.User)
            || context.GetEndpoint()?.Metadata.GetMetadata<IAuthorizeData>() is not null;

    /// <summary>The user that the app has signed in; <see langword="null"/> if there is none.</summary>
    public async ValueTask<ClaimsPrincipal?> FindUserAsync(HttpContext context)
    {
        if (IsSignedIn(context.User))
        {
            return context.User;
        }

        // A pipeline without the authentication middleware has not asked yet.
        if (_schemes is not null && await _schemes.GetDefaultAuthenticateSchemeAsync() is { } scheme
            && await context.AuthenticateAsync(scheme.Name) is { Succeeded: true, Principal: { } user } && IsSignedIn(user))
        {
            context.User = user;
            return user;
        }

        return null;
    }

    /// <summary>Answers a request without a user as the app's other endpoints do.</summary>
    /// <returns>Whether the app has answered.</returns>
    public async ValueTask<bool> TryChallengeAsync(HttpContext context)
    {
        if (_schemes is null || await _schemes.GetDefaultChallengeSchemeAsync() is not { } scheme)
        {
            return false;
        }

        await context.ChallengeAsync(scheme.Name);
        return true;
    }

    private static bool IsSignedIn(ClaimsPrincipal user) => user.Identities.Any(static identity => identity.IsAuthenticated);
}
