// The one secret that there is, the key of the API, kept where the app reads it by identity. Cost: each ten thousand reads.
import { roles } from 'roles.bicep'

param name string
param location string
param tags object
param principalId string

@secure()
param apiKey string
param endpointSubnetId string
param networkId string

var isPrivate = !empty(endpointSubnetId)

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: subscription().tenantId
    sku: {
      family: 'A'
      name: 'standard'
    }
    enableRbacAuthorization: true
    enableSoftDelete: true
    enablePurgeProtection: true
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
    networkAcls: {
      bypass: 'AzureServices'
      defaultAction: isPrivate ? 'Deny' : 'Allow'
    }
  }

  resource key 'secrets' = {
    name: 'api-key'
    properties: { value: apiKey }
  }
}

resource reader 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vault::key.id, principalId, roles['Key Vault Secrets User'])
  scope: vault::key
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roles['Key Vault Secrets User']
    )
  }
}

module endpoint 'endpoint.bicep' = if (isPrivate) {
  name: 'endpoint-vault'
  params: {
    name: 'pe-${name}'
    location: location
    tags: tags
    targetId: vault.id
    part: 'vault'
    zone: 'privatelink.vaultcore.azure.net'
    subnetId: endpointSubnetId
    networkId: networkId
  }
}

output name string = vault.name
output apiKeySecret string = vault::key.properties.secretUri
