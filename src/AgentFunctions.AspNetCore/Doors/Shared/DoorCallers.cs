using System.Security.Claims;
using AgentFunctions.AspNetCore.Security;

namespace AgentFunctions.AspNetCore.Doors.Shared;

/// <summary>Takes the caller of a request through the code of an SDK that knows principals only.</summary>
internal static class DoorCallers
{
    /// <summary>Makes a principal of a caller.</summary>
    /// <param name="caller">The caller.</param>
    /// <param name="response">The response to the request.</param>
    public static ClaimsPrincipal ToPrincipal(this Caller caller, DoorResponse response) =>
        new(new CallerIdentity(caller, response));

    /// <summary>Gets the response to the request of a principal; <see langword="null"/> if the guard has not seen it.</summary>
    /// <param name="user">The principal.</param>
    public static DoorResponse? ResponseOf(ClaimsPrincipal? user) => (user?.Identity as CallerIdentity)?.Response;

    /// <summary>Gets the caller of a principal, as it comes through a door.</summary>
    /// <param name="user">The principal.</param>
    /// <param name="door">The door.</param>
    /// <param name="request">The name that the door's protocol has for the request.</param>
    /// <exception cref="InvalidOperationException">The guard has not seen this request.</exception>
    public static Caller CallerOf(ClaimsPrincipal? user, string door, string? request) =>
        user?.Identity is CallerIdentity { Caller: var caller }
            ? caller with { Door = new CallerDoor(door, request) }
            : throw new InvalidOperationException("The guard has not seen this request.");

    /// <summary>Ensures that a caller may submit goals.</summary>
    /// <exception cref="AgentException"><see cref="ErrorCode.NotAllowed"/>.</exception>
    public static void EnsureMaySubmit(Caller caller) => caller.Ensure(CallerRoles.Submitter, CallerRoles.Operator);

    /// <summary>The session of an SDK belongs to whom the claim names.</summary>
    private sealed class CallerIdentity(Caller caller, DoorResponse response) : ClaimsIdentity(
        [new Claim(ClaimTypes.NameIdentifier, caller.Id)], "AgentFunctions")
    {
        public Caller Caller { get; } = caller;

        public DoorResponse Response { get; } = response;
    }
}
