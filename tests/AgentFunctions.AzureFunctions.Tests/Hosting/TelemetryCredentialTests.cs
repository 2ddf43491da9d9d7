using AgentFunctions.AzureFunctions.Telemetry;
using Azure.Identity;

namespace AgentFunctions.AzureFunctions.Tests.Hosting;

public sealed class TelemetryCredentialTests
{
    [TestCase(null)]
    [TestCase("")]
    public void Of_NoSetting_IsTheConnectionStringAlone(string? setting) => Assert.That(TelemetryCredential.Of(setting), Is.Null);

    [TestCase("Authorization=AAD")]
    [TestCase("ClientId=00000000-0000-0000-0000-000000000001;Authorization=AAD")]
    [TestCase("authorization=aad;")]
    public void Of_Aad_IsAnIdentity(string setting) =>
    Assert.That(TelemetryCredential.Of(setting), Is.InstanceOf<DefaultAzureCredential>());

    [TestCase("AAD")]
    [TestCase("Authorization=Key")]
    [TestCase("ClientId=x")]
    public void Of_WhatCannotBeRead_NamesTheSetting(string setting) => Assert.That(
        () => TelemetryCredential.Of(setting),
        Throws.InstanceOf<AgentException>().With.Message.Contain("APPLICATIONINSIGHTS_AUTHENTICATION_STRING").And.Message.Contain("Authorization=AAD"));
}
