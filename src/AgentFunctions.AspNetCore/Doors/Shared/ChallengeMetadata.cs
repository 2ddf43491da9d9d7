using Microsoft.AspNetCore.Http;

namespace AgentFunctions.AspNetCore.Doors.Shared;

/// <summary>How an endpoint asks for credentials, where plain <c>Bearer</c> does not say enough.</summary>
/// <param name="Header">Makes the value of <c>WWW-Authenticate</c>.</param>
internal sealed record ChallengeMetadata(Func<HttpContext, string> Header);
