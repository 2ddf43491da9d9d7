// Azure OpenAI with one deployment, reached by identity alone. Cost: each token; capacity is a limit, not a price.
import { roles } from 'roles.bicep'

param name string
param location string
param tags object
param principalId string

param model string
param modelVersion string
param modelSku string

@description('Thousand tokens a minute.')
param modelCapacity int
param endpointSubnetId string
param networkId string

var isPrivate = !empty(endpointSubnetId)

resource account 'Microsoft.CognitiveServices/accounts@2024-10-01' = {
  name: name
  location: location
  tags: tags
  kind: 'OpenAI'
  sku: { name: 'S0' }
  properties: {
    customSubDomainName: name
    disableLocalAuth: true
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
    networkAcls: { defaultAction: isPrivate ? 'Deny' : 'Allow' }
  }

  resource deployment 'deployments' = {
    name: model
    sku: {
      name: modelSku
      capacity: modelCapacity
    }
    properties: {
      model: {
        format: 'OpenAI'
        name: model
        version: modelVersion
      }
      // Pinned as long as the version lives; a retired one would answer every call with an error.
      versionUpgradeOption: 'OnceCurrentVersionExpired'
    }
  }
}

resource user 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account.id, principalId, roles['Cognitive Services OpenAI User'])
  scope: account
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roles['Cognitive Services OpenAI User']
    )
  }
}

module endpoint 'endpoint.bicep' = if (isPrivate) {
  name: 'endpoint-openai'
  params: {
    name: 'pe-${name}'
    location: location
    tags: tags
    targetId: account.id
    part: 'account'
    zone: 'privatelink.openai.azure.com'
    subnetId: endpointSubnetId
    networkId: networkId
  }
}

output endpoint string = account.properties.endpoint
output deployment string = account::deployment.name
