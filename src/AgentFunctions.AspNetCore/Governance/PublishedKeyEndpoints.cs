using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.Problems;
using AgentFunctions.AspNetCore.Security;
using AgentFunctions.Governance.Options;
using AgentFunctions.Keys;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace AgentFunctions.AspNetCore.Governance;

/// <summary>The public keys of the agents' tokens, for tool servers. Open to all, as public keys are.</summary>
internal static class PublishedKeyEndpoints
{
    private const string Keys = "/.well-known/jwks.json";

    public static void MapPublishedKeys(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet(Keys, GetAsync)
            .WithTags("Keys")
            .WithName("getPublishedKeys")
            .WithSummary("The public keys of the agents' tokens, as a JSON Web Key set.")
            .Produces<PublicKeySet>()
            .WithMetadata(new RuntimeEndpoint(EndpointAccess.Public))
            .AllowAnonymous();
        endpoints.MapGet("/.well-known/openid-configuration", GetIssuer)
            .WithTags("Keys")
            .WithName("getIssuer")
            .WithSummary("Who signs the agents' tokens, for hosts that let them in: Governance:Issuer and the address of its keys.")
            .Produces<IssuerResource>()
            .WithMetadata(new RuntimeEndpoint(EndpointAccess.Public))
            .AllowAnonymous();
    }

    private static async Task<IResult> GetAsync([FromKeyedServices("tokens")] SigningKeys keys,
        CancellationToken cancellationToken) =>
        Answers.Json(await keys.PublishedAsync(cancellationToken));

    private static IResult GetIssuer(IOptions<GovernanceOptions> options)
    {
        string issuer = options.Value.Issuer;
        return Uri.TryCreate(issuer, UriKind.Absolute, out Uri? address) && address.Scheme is "http" or "https"
            ? Answers.Json(new IssuerResource(issuer, issuer.TrimEnd('/') + Keys))
            : throw new ProblemException(
                StatusCodes.Status404NotFound, "notFound",
                "Tokens of this host have no address as their issuer; set Governance:Issuer to its public address.");
    }
}
