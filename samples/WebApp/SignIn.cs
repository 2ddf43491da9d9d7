using System.Security.Claims;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace AgentFunctions.WebApp;

/// <summary>Signs two users in: browsers by cookie, programs by token. A real app has its own identity provider here.</summary>
internal static class SignIn
{
    public const string Password = "demo";
    private const string Either = "Either";
    private const string Issuer = "https://webapp.example";

    private static readonly SymmetricSecurityKey Key = new(RandomNumberGenerator.GetBytes(64));

    /// <summary>The runtime takes these roles as its own.</summary>
    private static readonly Dictionary<string, string[]> Roles = new()
    {
        ["anna"] = ["submitter", "approver"],
        ["bob"] = ["approver", "viewer", "auditor"],
    };

    public static void AddSignIn(this IServiceCollection services) => services
        .AddAuthentication(Either)
        .AddPolicyScheme(Either, null, options => options.ForwardDefaultSelector = static context =>
            context.Request.Headers.Authorization.Count > 0
                ? JwtBearerDefaults.AuthenticationScheme
                : CookieAuthenticationDefaults.AuthenticationScheme)
        .AddCookie()
        .AddJwtBearer(options =>
        {
            options.MapInboundClaims = false;
            options.TokenValidationParameters = new TokenValidationParameters
            {
                ValidIssuer = Issuer,
                ValidAudience = Issuer,
                IssuerSigningKey = Key,
                NameClaimType = "sub",
                RoleClaimType = "roles",
            };
        });

    public static void MapSignIn(this IEndpointRouteBuilder app)
    {
        app.MapPost("/login", static IResult (Credentials who) => !IsKnown(who)
            ? TypedResults.Unauthorized()
            : TypedResults.SignIn(
                new ClaimsPrincipal(Identity(who.User, CookieAuthenticationDefaults.AuthenticationScheme)),
                authenticationScheme: CookieAuthenticationDefaults.AuthenticationScheme));
        app.MapPost("/token", static IResult (Credentials who) => !IsKnown(who)
            ? TypedResults.Unauthorized()
            : TypedResults.Text(new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
            {
                Issuer = Issuer,
                Audience = Issuer,
                Subject = Identity(who.User, "Token"),
                Expires = DateTime.UtcNow.AddHours(1),
                SigningCredentials = new SigningCredentials(Key, SecurityAlgorithms.HmacSha256),
            })));
    }

    private static bool IsKnown(Credentials who) => Roles.ContainsKey(who.User) && who.Password == Password;

    private static ClaimsIdentity Identity(string user, string type) =>
        new([new("sub", user), .. Roles[user].Select(role => new Claim("roles", role))], type, "sub", "roles");
}

/// <summary>Represents who wants to sign in.</summary>
/// <param name="User">The user.</param>
/// <param name="Password">The password.</param>
internal sealed record Credentials(string User, string Password);
