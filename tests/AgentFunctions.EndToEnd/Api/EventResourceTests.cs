using System.Reflection;
using AgentFunctions.AspNetCore.Runs;
using AgentFunctions.Budgets;
using AgentFunctions.Records;

namespace AgentFunctions.EndToEnd.Api;

/// <summary>The event stream tells all that the journal holds: each member, those that are added later too.</summary>
internal sealed class EventResourceTests
{
    private static readonly Dictionary<Type, object> s_values = new()
    {
        [typeof(int)] = 7,
        [typeof(long)] = 7000L,
        [typeof(bool)] = true,
        [typeof(string)] = "word",
        [typeof(DateTimeOffset)] = new DateTimeOffset(2026, 11, 26, 9, 0, 0, TimeSpan.Zero),
        [typeof(TokenUsage)] = new TokenUsage(3, 2, 1),
    };

    [Test]
    public void Event_OfEachMember_ComesBackAsTheJournalHoldsIt()
    {
        var written = new JournalEvent("tool.completed", new DateTimeOffset(2026, 11, 26, 8, 0, 0, TimeSpan.Zero));
        PropertyInfo[] members = [.. typeof(JournalEvent).GetProperties()
            .Where(static one => one.CanWrite && one.Name is not ("Type" or "At"))];
        foreach (PropertyInfo member in members)
        {
            member.SetValue(written, s_values[Nullable.GetUnderlyingType(member.PropertyType) ?? member.PropertyType]);
        }

        Assert.That(members, Has.Length.GreaterThan(10).And.Some.Property("Name").EqualTo("Run"));
        Assert.That(EventResource.Of(4, written).ToJournalEvent(), Is.EqualTo(written));
    }
}
