namespace AgentFunctions.Mcp.SignIn;

/// <summary>Says that a person has to sign in to a tool server.</summary>
internal static class SignInNeeded
{
    private const string Mark = "AgentFunctions.SignInNeeded";

    /// <summary>Makes the error.</summary>
    /// <param name="server">The server.</param>
    /// <param name="why">Why, if it is not that nobody has signed in yet.</param>
    public static AgentException Of(string server, string? why = null)
    {
        string text = $"The tool server '{server}' needs a person to sign in{(why is null ? "" : $" ({why})")}: "
            + $"agentfunctions mcp login {server}. Nothing was done; its tools come when that is done, without a restart.";
        var error = new AgentException(ErrorCode.ToolUnavailable, text);
        error.Data[Mark] = true;
        return error;
    }

    /// <summary>Finds the error in a failure, whatever it was wrapped in.</summary>
    public static AgentException? In(Exception? failure)
    {
        for (Exception? cause = failure; cause is not null; cause = cause.InnerException)
        {
            if (cause is AgentException found && found.Data.Contains(Mark))
            {
                return found;
            }

            if (cause is AggregateException { InnerExceptions: var all }
                && all.Select(In).FirstOrDefault(static one => one is not null) is { } within)
            {
                return within;
            }
        }

        return null;
    }
}
