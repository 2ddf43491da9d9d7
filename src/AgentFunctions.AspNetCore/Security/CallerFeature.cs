using Microsoft.AspNetCore.Http;

namespace AgentFunctions.AspNetCore.Security;

/// <summary>Who makes a request, once the guard has recognised it.</summary>
internal static class CallerFeature
{
    public static Caller Caller(this HttpContext context) =>
        context.Features.Get<Caller>() ?? throw new InvalidOperationException("The guard has not seen this request.");

    /// <summary>Refuses a caller that has none of some roles; the administrator has them all.</summary>
    public static Caller Ensure(this HttpContext context, params ReadOnlySpan<string> roles) => context.Caller().Ensure(roles);

    /// <summary>Refuses a caller that has none of some roles; the administrator has them all.</summary>
    public static Caller Ensure(this Caller caller, params ReadOnlySpan<string> roles)
    {
        foreach (string role in roles)
        {
            if (caller.Has(role))
            {
                return caller;
            }
        }

        return caller.Has(CallerRoles.Admin)
            ? caller
            : throw new AgentException(ErrorCode.NotAllowed,
                $"Rule 'roles': this takes the role {string.Join(" or ", roles.ToArray())}.");
    }
}
