using System.Security.Claims;
using System.Text.Encodings.Web;
using AgentFunctions.EndToEnd.Api;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AgentFunctions.EndToEnd.OwnApp;

/// <summary>
/// The sign-in of a team's app: a real cookie, or the app's own token. A user is written <c>anna:submitter,approver</c>.
/// </summary>
internal static class SignIn
{
    private const string Token = "Token";

    public static void Add(WebApplicationBuilder builder) => builder.Services
        .AddAuthentication("Either")
        .AddPolicyScheme("Either", null, options => options.ForwardDefaultSelector = context =>
            context.Request.Headers.Authorization.Count > 0 ? Token : CookieAuthenticationDefaults.AuthenticationScheme)
        .AddCookie()
        .AddScheme<AuthenticationSchemeOptions, TokenHandler>(Token, null);

    public static void Map(WebApplication app) => app.MapPost("/login", (string user, HttpContext http) =>
        http.SignInAsync(CookieAuthenticationDefaults.AuthenticationScheme, Principal(user, "Cookie")));

    /// <summary>A browser that has signed in.</summary>
    public static async Task<HttpClient> CookieOf(ApiHost host, string user)
    {
        var http = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = host.Http.BaseAddress };
        using HttpResponseMessage signedIn = await http.PostAsync($"/login?user={Uri.EscapeDataString(user)}", null);
        signedIn.EnsureSuccessStatusCode();
        return http;
    }

    /// <summary>A program with the app's own token.</summary>
    public static HttpClient TokenOf(ApiHost host, string user) => BearerOf(host, "app-" + user);

    public static HttpClient BearerOf(ApiHost host, string token)
    {
        var http = new HttpClient { BaseAddress = host.Http.BaseAddress };
        http.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", "Bearer " + token);
        return http;
    }

    private static ClaimsPrincipal Principal(string user, string type)
    {
        string[] parts = user.Split(':');
        return new ClaimsPrincipal(new ClaimsIdentity(
            [
                new(ClaimTypes.NameIdentifier, parts[0]),
                .. (parts.Length > 1 ? parts[1].Split(',') : []).Select(role => new Claim(ClaimTypes.Role, role)),
            ], type));
    }

    private sealed class TokenHandler(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger,
        UrlEncoder encoder)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
    {
        protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(
            Request.Headers.Authorization.ToString() is var header && header.StartsWith("Bearer app-", StringComparison.Ordinal)
                ? AuthenticateResult.Success(new AuthenticationTicket(Principal(header["Bearer app-".Length..], Token), Token))
                : AuthenticateResult.NoResult());
    }
}
